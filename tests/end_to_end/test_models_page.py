"""A person who looks at the models and changes which one answers, in a real browser."""

import shutil
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from backend.inference.manifest import MANIFEST, read_manifest
from databases import registry
from databases.engine import open_engine
from tests.end_to_end.conftest import PATIENCE, Demo

pytestmark = pytest.mark.browser
CHAMPION = "colours-1"


@pytest.fixture
def candidate(demo: Demo) -> Iterator[str]:
    """Another model of the demo's, as good as the champion, which answers again in the end."""
    state = demo.log.parent
    bundles = state / "bundles"
    version = f"colours-{len(list(bundles.glob('colours-*'))) + 1}"
    shutil.copytree(bundles / CHAMPION, bundles / version)
    manifest = read_manifest(bundles / CHAMPION).model_copy(update={"version": version})
    (bundles / version / MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")
    engine = open_engine(f"sqlite:///{state / 'images.db'}")
    with Session(engine) as session, session.begin():
        registry.register(session, manifest, manifest.recorded_metrics)
    engine.dispose()
    yield version
    assert answers_by(demo, CHAMPION)


def answers_by(demo: Demo, version: str) -> bool:
    """Whether the service takes a model up within seconds."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        ready = httpx.get(f"{demo.api}/readyz", timeout=PATIENCE).json()
        if ready["model"]["version"] == version:
            return True
        time.sleep(0.2)
    return False


def led_to_the_question(page: Page) -> None:
    """All of it is in sight, however far below it stands, and the keyboard goes on from there."""
    expect(page.locator(".st-key-changing h3")).to_be_focused()
    expect(page.locator(".st-key-changing")).to_be_in_viewport(ratio=1)


def test_a_candidate_is_opened_promoted_and_taken_back(page: Page, demo: Demo, candidate: str) -> None:
    page.goto(f"{demo.page}/models")
    expect(page.get_by_text("Answers now")).to_be_visible()
    page.get_by_role("button", name=candidate, exact=True).click()
    expect(page.get_by_role("heading", name=candidate)).to_be_visible()
    expect(page.get_by_text("Both learnt from the very same pictures and labels.")).to_be_visible()
    page.get_by_role("button", name="Make it the champion").press("Enter")
    led_to_the_question(page)
    page.get_by_role("button", name="Leave it as it is").press("Enter")
    expect(page.get_by_role("button", name="Make it the champion")).to_be_focused()
    page.keyboard.press("Enter")
    led_to_the_question(page)
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Your name").press("Enter")
    expect(page.get_by_role("button", name="Yes: make it the champion")).to_be_visible()
    led_to_the_question(page)
    page.get_by_role("button", name="Yes: make it the champion").press("Enter")
    expect(page.locator(".st-key-models-changed")).to_be_focused()
    expect(page.get_by_text(f"{candidate} is the champion.")).to_be_in_viewport()
    assert answers_by(demo, candidate)
    page.get_by_role("button", name="All models").click()
    expect(page.locator(".mng-timeline li").first).to_contain_text(f"{candidate} was promoted by Ann")
    page.get_by_role("button", name=f"Go back to {CHAMPION}").click()
    led_to_the_question(page)
    page.get_by_role("button", name=f"Yes: go back to {CHAMPION}").click()
    expect(page.get_by_text(f"{CHAMPION} is the champion.")).to_be_in_viewport()
    expect(page.locator(".mng-timeline li").first).to_contain_text(f"{candidate} was taken back by Ann")
