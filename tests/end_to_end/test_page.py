"""A person at the page: a real file, a real API, a real page, a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.drawing import draw_class_folders, picture
from tests.end_to_end.conftest import Demo, running_demo

pytestmark = pytest.mark.browser
PATIENCE_MS = 20_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("page")
    images = draw_class_folders(folder / "colours", per_label=12)
    with running_demo(folder / "state", images) as demo:
        yield demo


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(demo: Demo, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto(demo.page)
        expect(page.get_by_text("What animal is this?")).to_be_visible()
        yield page
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            "it scrolls sideways"
        )


def upload(page: Page, name: str, data: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


def test_an_uploaded_picture_gets_its_label_and_a_gallery(page: Page, tmp_path: Path) -> None:
    upload(page, "unseen.jpg", picture("blue", 700))
    expect(page.locator(".mng-answer h1")).to_contain_text("blue")
    expect(page.locator(".mng-bars li").first).to_contain_text("blue")
    expect(page.locator(".st-key-picture img")).to_be_visible()
    page.get_by_role("button", name="Show similar pictures").click()
    expect(page.locator(".mng-gallery img")).to_have_count(12)
    page.screenshot(path=tmp_path / "answer.png", full_page=True)


def test_a_sample_of_the_library_is_identified(page: Page) -> None:
    page.get_by_text("Library", exact=True).click()
    page.locator(".st-key-samples button").first.click()
    expect(page.locator(".mng-answer h1")).to_be_visible()


def test_a_file_that_is_no_picture_is_said_kindly(page: Page) -> None:
    upload(page, "letter.jpg", b"Dear Sir or Madam")
    expect(page.get_by_role("alert")).to_contain_text("This file is not a picture I can read")
    assert "Traceback" not in page.content()
