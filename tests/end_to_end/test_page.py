"""A person at the page: a real file, a real API, a real page, a real browser."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.drawing import picture
from tests.end_to_end.conftest import Demo

pytestmark = pytest.mark.browser
LOW = 620  # pixels of a small laptop's window
# What a browser does on Ctrl+V, with a JPEG in base64 for what was copied.
PASTE = """async (data) => {
  const copied = new DataTransfer()
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
  copied.items.add(new File([bytes], "image.jpg", { type: "image/jpeg" }))
  document.body.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: copied, bubbles: true, cancelable: true })
  )
}"""


@pytest.fixture
def start(page: Page, demo: Demo) -> Page:
    page.goto(demo.page)
    expect(page.get_by_text("What animal is this?")).to_be_visible()
    return page


def upload(page: Page, name: str, data: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


def test_an_uploaded_picture_gets_its_label_and_a_gallery(start: Page, tmp_path: Path) -> None:
    upload(start, "unseen.jpg", picture("blue", 700))
    expect(start.locator(".mng-answer h1")).to_contain_text("blue")
    expect(start.locator(".mng-bars li").first).to_contain_text("blue")
    expect(start.locator(".st-key-picture img")).to_be_visible()
    expect(start.locator(".st-key-tiles img")).to_have_count(12)
    start.screenshot(path=tmp_path / "answer.png", full_page=True)
    start.get_by_role("button", name="Compare with").first.press("Enter")
    expect(start.get_by_role("dialog").locator("img")).to_have_count(2)
    start.get_by_role("link", name="Open in the library").click()
    expect(start.locator(".mng-closeup h1")).to_have_text("blue")
    start.go_back()
    expect(start.locator(".mng-answer h1")).to_contain_text("blue")
    start.get_by_role("button", name="Compare with").first.press("Enter")
    start.get_by_role("button", name="More like this one").click()
    expect(start.get_by_role("button", name="Back to what is like your picture")).to_be_visible()
    expect(start.get_by_role("dialog")).to_have_count(0)


def test_a_pasted_picture_is_identified(start: Page) -> None:
    start.locator(".st-key-chooser input[type=file]").wait_for(state="attached")
    start.evaluate(PASTE, base64.b64encode(picture("red", 702)).decode())
    expect(start.locator(".mng-answer h1")).to_contain_text("red")
    # The next one needs no click before it.
    start.locator(".st-key-next input[type=file]").wait_for(state="attached")
    start.evaluate(PASTE, base64.b64encode(picture("blue", 703)).decode())
    expect(start.locator(".mng-answer h1")).to_contain_text("blue")


def test_a_photo_is_taken_without_scrolling_and_answered(start: Page, tmp_path: Path) -> None:
    start.locator(".st-key-chooser").get_by_text("Camera", exact=True).click()
    seen, button = start.locator(".stCameraInput video"), start.get_by_role("button", name="Take Photo")
    size = start.viewport_size
    assert size is not None
    for height in (LOW, size["height"]):
        start.set_viewport_size({"width": size["width"], "height": height})
        start.wait_for_function(
            "seen => seen.videoHeight && seen.offsetHeight <= innerHeight / 2", arg=seen.element_handle()
        )
        expect(button).to_be_in_viewport(ratio=1)
    start.screenshot(path=tmp_path / "camera.png")
    button.click()
    expect(start.locator(".mng-answer h1")).to_be_visible()
    shot = start.locator(".st-key-picture img")
    assert shot.evaluate("shot => shot.decode().then(() => shot.naturalHeight)") >= 600


def test_every_page_is_one_step_away_and_has_a_title_of_its_own(start: Page) -> None:
    expect(start).to_have_title("Identify · Menagerie")
    narrow = start.evaluate("window.innerWidth < 768")
    ways = start.locator(".st-key-phone-pages" if narrow else "header")
    for name in ("Batch", "Library", "Review", "Models", "Identify"):
        ways.get_by_role("link", name=name).click()
        expect(start).to_have_title(f"{name} · Menagerie")


def test_a_sample_of_the_library_is_identified(start: Page) -> None:
    start.locator(".st-key-chooser").get_by_text("Library", exact=True).click()
    start.locator(".st-key-samples button").first.click()
    answer = start.locator(".mng-answer h1")
    expect(answer).to_be_visible()
    start.reload()
    expect(answer).to_be_focused()
    start.go_back()
    expect(start.get_by_text("What animal is this?")).to_be_visible()


def test_thanks_take_the_keyboard_along_and_a_picture_of_ones_own_outlives_a_reload(start: Page) -> None:
    upload(start, "unseen.jpg", picture("blue", 704))
    answer, thanks = start.locator(".mng-answer h1"), start.locator(".mng-thanks")
    expect(answer).to_be_focused()
    start.get_by_role("button", name="Yes", exact=True).press("Enter")
    expect(thanks).to_be_focused()
    expect(thanks).to_be_in_viewport(ratio=1)
    start.get_by_text("Any animal").click()  # what comes then leaves the visitor where they are
    expect(start.locator(".st-key-tiles b").first).to_be_attached()
    expect(start.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(answer).not_to_be_focused()
    start.reload()
    expect(answer).to_contain_text("blue")
    expect(answer).to_be_focused()
    expect(start.locator(".st-key-picture img")).to_be_visible()
    expect(thanks).to_be_visible()
    start.get_by_role("button", name="Another picture").click()
    expect(start.get_by_text("What animal is this?")).to_be_visible()
    start.go_back()
    expect(start.get_by_role("alert")).to_contain_text("This picture is no longer here")


def test_a_file_that_is_no_picture_is_said_kindly(start: Page) -> None:
    upload(start, "letter.jpg", b"Dear Sir or Madam")
    expect(start.get_by_role("alert")).to_contain_text("This file is not a picture I can read")
    assert "Traceback" not in start.content()
