"""Many pictures at the page, in a real browser."""

import csv
import io
import zipfile
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.drawing import picture
from tests.end_to_end.conftest import Demo

pytestmark = pytest.mark.browser


def test_a_batch_survives_a_reload_and_is_taken_home_as_a_table(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    random = Random(7)
    asked = [random.choice(("red", "green", "blue")) for _ in range(40)]
    names = [f"{number:02}-{colour}.jpg" for number, colour in enumerate(asked)]
    for number, (name, colour) in enumerate(zip(names, asked, strict=True)):
        (tmp_path / name).write_bytes(picture(colour, 800 + number))
    (tmp_path / "letter.jpg").write_bytes(b"Dear Sir or Madam")
    names.append("letter.jpg")
    page.goto(f"{demo.page}/batch")
    page.locator("input[type=file]").set_input_files([tmp_path / name for name in names])
    page.wait_for_url("**/batch?job=*")
    page.reload()
    expect(page.get_by_role("heading", name="40 of 41 files answered")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.screenshot(path=tmp_path / "batch.png", full_page=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 41 rows as CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["file"] for row in rows] == names
    right = sum(row["answer"] == colour for row, colour in zip(rows, asked, strict=False))
    assert right >= 36
    assert rows[-1]["verdict"] == "refused"


def test_each_of_a_batch_is_looked_at_closely_and_what_is_said_of_it_stays(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    for number, colour in enumerate(("red", "green")):
        (tmp_path / f"{colour}.jpg").write_bytes(picture(colour, 900 + number))
    page.goto(f"{demo.page}/batch")
    page.locator("input[type=file]").set_input_files([tmp_path / "red.jpg", tmp_path / "green.jpg"])
    page.get_by_role("button", name="Look at them one by one").click()
    expect(page.locator(".mng-answer h1")).to_contain_text("red")
    page.get_by_role("button", name="Next").press("Enter")
    expect(page.locator(".mng-answer h1")).to_contain_text("green")
    expect(page.locator(".st-key-tiles img").first).to_be_visible()
    why = page.get_by_text("Show why")
    expect(why).to_have_count(1)  # that of the picture before has gone
    why.click()
    expect(page.get_by_text("What spoke for “green”")).to_be_visible()
    expect(page.get_by_role("img", name="with what spoke for green")).to_be_visible()
    page.screenshot(path=tmp_path / "closely.png", full_page=True)
    why.click()
    expect(page.get_by_role("img", name="The picture green.jpg")).to_be_visible()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You said that this is right.")).to_be_visible()
    page.get_by_role("button", name="All pictures").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 2 rows as CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["reported"] for row in rows] == ["", "right"]


def test_a_zip_larger_than_a_picture_may_be_is_taken(page: Page, demo: Demo, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "zoo.zip", "w", zipfile.ZIP_STORED) as zoo:
        zoo.writestr("red.jpg", picture("red", 950))
        for name in ("one.raw", "two.raw"):
            zoo.writestr(name, bytes(20 * 2**20))
    page.goto(f"{demo.page}/batch")
    page.locator("input[type=file]").set_input_files(tmp_path / "zoo.zip")
    expect(page.get_by_role("heading", name="1 of 3 files answered")).to_be_visible()


def test_a_filter_outlives_a_reload_and_the_way_back_and_what_opens_is_seen_from_its_top(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    names = [f"{number}.jpg" for number in range(12)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(picture("red", 970 + number))
    (tmp_path / "letter.jpg").write_bytes(b"Dear Sir or Madam")
    page.goto(f"{demo.page}/batch")
    page.locator("input[type=file]").set_input_files([tmp_path / name for name in [*names, "letter.jpg"]])
    expect(page.get_by_role("heading", name="12 of 13 files answered")).to_be_visible()
    page.get_by_text("Unusable file 1", exact=True).click()
    expect(page.get_by_role("button", name="Download 1 row as CSV")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Download 1 row as CSV")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Download 13 rows as CSV")).to_be_visible()
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": size["width"], "height": 500})
    page.get_by_role("button", name="Look at them one by one").click()
    expect(page.locator(".mng-answer h1")).to_be_visible()
    page.wait_for_function("document.querySelector('.stMain').scrollTop === 0")
    expect(page.get_by_role("button", name="All pictures")).to_be_in_viewport()


def test_another_visitor_without_the_address_sees_nothing_of_it(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.page}/batch?job=guessed")
    expect(page.get_by_role("alert")).to_contain_text("This batch is no longer kept")
    page.get_by_role("button", name="Start another batch").click()
    expect(page.get_by_text("Many pictures at once")).to_be_visible()
    assert urlsplit(page.url).query == ""
