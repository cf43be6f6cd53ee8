"""Every page by axe-core, which finds what people who do not see, or use no mouse, cannot get by."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.drawing import picture
from tests.end_to_end.conftest import PATIENCE_MS, Demo

pytestmark = pytest.mark.browser

SERIOUS = ("serious", "critical")
# What turns for ever is not waited for.
STANDS_STILL = """document.getAnimations().every((one) =>
  one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity)"""
PAGES = ["identify", "batch", "library", "review", "models"]


@pytest.fixture(scope="module", params=["light", "dark"])
def window(request: pytest.FixtureRequest) -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield page


def serious(page: Page) -> list[str]:
    """What axe-core finds that shuts somebody out, and where."""
    page.wait_for_load_state("networkidle")
    expect(page.get_by_test_id("stSpinner")).to_have_count(0)
    page.wait_for_timeout(500)
    page.wait_for_function(STANDS_STILL)  # what fades in has not its contrast before
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shuts_nobody_out(window: Page, demo: Demo, name: str) -> None:
    window.goto(demo.page if name == "identify" else f"{demo.page}/{name}")
    expect(window.locator(".stMainBlockContainer h1").first).to_be_visible()
    assert serious(window) == []


def test_an_answer_shuts_nobody_out(window: Page, demo: Demo) -> None:
    window.goto(demo.page)
    window.locator("input[type=file]").set_input_files(
        {"name": "unseen.jpg", "mimeType": "image/jpeg", "buffer": picture("green", 701)}
    )
    expect(window.locator(".mng-answer h1")).to_be_visible()
    expect(window.locator(".st-key-tiles img").first).to_be_visible()
    assert serious(window) == []


def test_a_picture_of_a_batch_shuts_nobody_out(window: Page, demo: Demo) -> None:
    window.goto(f"{demo.page}/batch")
    window.locator("input[type=file]").set_input_files(
        {"name": "unseen.jpg", "mimeType": "image/jpeg", "buffer": picture("green", 702)}
    )
    window.get_by_role("button", name="Look at them one by one").click()
    expect(window.locator(".mng-answer h1")).to_be_visible()
    expect(window.locator(".st-key-tiles img").first).to_be_visible()
    assert serious(window) == []
