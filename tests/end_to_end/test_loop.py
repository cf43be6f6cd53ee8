"""People correct the service at its pages, it learns from that, and answers better."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from databases.settings import PROJECT
from tests.browser import chromium
from tests.drawing import draw_class_folders, picture
from tests.end_to_end.conftest import PATIENCE, PATIENCE_MS, Demo, running_demo

pytestmark = pytest.mark.browser

REPORTED = 8  # pictures of an animal that the model has never heard of
UNSEEN = ("unseen.jpg", 990)
TASK = "two-colours"


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose model knows red and green, and nothing blue."""
    folder = tmp_path_factory.mktemp("loop")
    images = draw_class_folders(folder / TASK, per_label=12, labels=("red", "green"))
    with running_demo(folder / "state", images) as demo:
        yield demo


@pytest.fixture
def window() -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield page


def ask(page: Page, demo: Demo, name: str, number: int) -> str:
    """The answer to a blue picture, as it stands on the page."""
    page.goto(demo.page)
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": picture("blue", number)}
    )
    answer = page.locator(".mng-answer h1")
    expect(answer).to_be_visible()
    return answer.inner_text()


def report_at_the_page(page: Page) -> None:
    """Says that it is blue, and lets the library keep the picture."""
    page.get_by_role("button", name="No", exact=True).or_(
        page.get_by_role("button", name="No, there is one")
    ).click()
    label = page.get_by_label("What is it, then?")
    label.fill("blue")
    label.press("Enter")
    page.get_by_text("The library may keep this picture to learn from it").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()


def report(demo: Demo, number: int) -> None:
    """As another visitor does at the page."""
    data = picture("blue", number)
    with httpx.Client(base_url=demo.api, timeout=PATIENCE) as api:
        asked = api.post("/predict", files={"file": data}).json()["prediction_id"]
        said = {"prediction_id": asked, "correct": "false", "label": "blue"}
        kept = api.post("/feedback", data=said, files={"file": (f"{number}.jpg", data)})
        assert kept.status_code == 201, kept.text
        assert kept.json()["image_id"] is not None


def menagerie(demo: Demo, *arguments: str) -> str:
    """What a command says, run beside the service."""
    state = demo.log.parent
    settings = {
        "DATABASE_URL": f"sqlite:///{state / 'images.db'}",
        "MENAGERIE_BUNDLES": str(state / "bundles"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "training.cli.main", *arguments],
        cwd=PROJECT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def until_serving(demo: Demo, version: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while httpx.get(f"{demo.api}/readyz", timeout=PATIENCE).json()["model"]["version"] != version:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_what_people_correct_is_learnt_and_answered(window: Page, young: Demo) -> None:
    assert "blue" not in ask(window, young, *UNSEEN)
    assert "blue" not in ask(window, young, "first.jpg", 900)
    report_at_the_page(window)
    for number in range(901, 900 + REPORTED):
        report(young, number)

    window.goto(f"{young.page}/review")
    window.get_by_label("Your name").fill("Ann")
    window.get_by_role("button", name="Go on").click()
    window.get_by_text(f"Reported wrong · {REPORTED}").click()
    expect(window.locator(".mng-card")).to_have_count(REPORTED)
    window.get_by_role("button", name="Mark all shown").click()
    window.get_by_role("button", name="Yes, blue", exact=True).click()
    expect(window.get_by_text(f"{REPORTED} decisions wait")).to_be_visible()

    trained = menagerie(young, "train", "--task", TASK)
    assert f"the champion {TASK}-1 on" in " ".join(trained.split())
    assert "blue" not in ask(window, young, *UNSEEN), "nobody promoted the candidate yet"

    window.goto(f"{young.page}/models")
    window.get_by_role("button", name=f"{TASK}-2", exact=True).click()
    bought = window.get_by_text("8 labels set right or given")
    expect(bought).to_contain_text("it was right on")
    window.get_by_role("button", name="Make it the champion").click()
    window.get_by_role("button", name="Yes: make it the champion").click()
    expect(window.get_by_text(f"{TASK}-2 is the champion.")).to_be_visible()
    until_serving(young, f"{TASK}-2")
    assert "blue" in ask(window, young, *UNSEEN)
