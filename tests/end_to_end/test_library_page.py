"""A person who looks through the library, in a real browser: what Streamlit's test bench cannot do."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.conftest import Demo

pytestmark = pytest.mark.browser
ON_THE_PICTURE = """() => {
  const [sign, picture] = [".stElementToolbar", "img"].map((selector) =>
    document.querySelector(`.st-key-library-picture ${selector}`).getBoundingClientRect().top)
  return sign >= picture
}"""


def test_filters_pictures_and_the_way_back_are_links_that_load_nothing_anew(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.page}/library")
    tiles = page.locator(".mng-tiles img")
    expect(tiles.nth(11)).to_be_visible()
    expect(page.locator(".mng-facets a").first).to_be_attached()
    # What is still being drawn folds up again what was unfolded.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.evaluate("window.here = true")
    blue = page.get_by_role("navigation", name="Filters").get_by_role("link", name="blue")
    if not blue.is_visible():  # folded up on a phone
        page.get_by_text("Labels and filters").click()
    blue.click()
    expect(page).to_have_url(re.compile(r"\?label=blue$"))
    expect(page.locator(".mng-chips")).to_contain_text("blue")
    expect(page.locator(".mng-count")).to_have_text("12 pictures")
    expect(tiles).to_have_count(12)

    tiles.first.locator("xpath=ancestor::a").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".mng-closeup h1")).to_have_text("blue")
    picture = page.locator(".st-key-library-picture img")
    expect(picture).to_be_visible()
    picture.hover(force=True)  # the sign that shows it large covers no way to another one
    page.wait_for_function(ON_THE_PICTURE)
    expect(page.get_by_role("heading", name="More like this")).to_be_visible()
    expect(page.locator(".mng-ways")).to_contain_text("1 of 12")
    page.get_by_role("link", name="Next", exact=True).focus()
    for place in ("2 of 12", "3 of 12"):  # the key goes on from where it is
        page.keyboard.press("Enter")
        expect(page.locator(".mng-ways")).to_contain_text(place)
        expect(page.get_by_role("link", name="Next", exact=True)).to_be_focused()
    page.go_back()
    page.go_back()
    expect(page.locator(".mng-ways")).to_contain_text("1 of 12")
    page.go_back()
    expect(page.locator(".mng-chips")).to_contain_text("blue")
    expect(tiles).to_have_count(12)
    page.go_back()
    expect(page.locator(".mng-chips")).to_have_count(0)
    assert page.evaluate("window.here"), "the page was loaded anew"
