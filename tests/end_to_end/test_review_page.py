"""A person who decides on pictures that were reported wrong: by key and by button, in a real browser."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from prometheus_client.parser import text_string_to_metric_families

from tests.end_to_end.conftest import PATIENCE, Demo

pytestmark = pytest.mark.browser


@pytest.fixture
def reported(demo: Demo) -> Iterator[None]:
    """Three pictures of the library are reported as wrong; what is decided on them is taken back again."""
    with httpx.Client(base_url=demo.api, timeout=PATIENCE) as api:
        for image in api.get("/images", params={"limit": 3}).json()["items"]:
            file = api.get(image["links"]["content"]).content
            asked = api.post("/predict", files={"file": file}).json()["prediction_id"]
            report = {"prediction_id": asked, "correct": False, "label": "violet", "by": "Bob"}
            assert api.post("/feedback", json=report).status_code == 201
        yield
        held = [one["id"] for one in _decisions(demo)]
        assert not held or api.post("/decisions/undo", json={"ids": held}).is_success


@pytest.fixture
def cards(page: Page, demo: Demo, reported: None) -> Locator:
    """The pictures that were reported, as Ann has them before her."""
    del reported
    page.goto(f"{demo.page}/review")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.get_by_label("Your name").fill("Ann")
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("Reported wrong · 3").click()
    cards = page.locator(".mng-card")
    expect(cards).to_have_count(3)
    expect(cards.locator("img")).to_have_count(3)
    return cards


def _decisions(demo: Demo) -> list[dict[str, Any]]:
    """Those that hold, the newest first."""
    found = httpx.get(f"{demo.api}/decisions", params={"limit": 50}, timeout=PATIENCE).json()
    return [one for one in found["items"] if one["undone_at"] is None]


def _asked(demo: Demo, route: str) -> float:
    """How often the service was asked for it so far."""
    families = text_string_to_metric_families(httpx.get(f"{demo.api}/metrics", timeout=PATIENCE).text)
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "menagerie_request_seconds_count" and sample.labels["route"] == route
    )


@pytest.mark.parametrize("page", [(1280, 900)], indirect=True, ids=["desktop"])
def test_reported_pictures_are_decided_on_by_key_and_taken_back(
    page: Page, demo: Demo, cards: Locator
) -> None:
    expect(cards.first).to_contain_text("Bob says: violet.")
    name = cards.first.locator("img").get_attribute("alt")
    # What asks for the models comes after the pictures.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    models = _asked(demo, "/models")
    cards.first.focus()
    page.keyboard.press("Enter")
    expect(cards).to_have_count(2)
    expect(cards.first).to_be_focused()
    expect(page.get_by_role("status").get_by_text(f"{name}: violet.")).to_be_in_viewport()
    [made] = _decisions(demo)
    assert (made["file_name"], made["label"], made["by"]) == (name, "violet", "Ann")
    expect(page.get_by_text("1 decision waits")).to_be_visible()
    assert _asked(demo, "/models") == models

    page.keyboard.press("u")
    expect(cards).to_have_count(3)
    expect(cards.first).to_be_focused()
    assert not _decisions(demo)

    for key in ("m", "ArrowRight", "m", "x"):
        page.keyboard.press(key)
    expect(cards).to_have_count(1)
    expect(page.locator(".mng-told")).to_contain_text("2 pictures left out.")
    assert [one["kind"] for one in _decisions(demo)] == ["exclude", "exclude"]

    page.reload()
    expect(page.get_by_text("Deciding as Ann")).to_be_visible()
    page.get_by_role("button", name="Change name").click()
    expect(page.get_by_label("Your name")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your name")).to_be_visible()


@pytest.mark.parametrize("page", [(390, 844)], indirect=True, ids=["phone"])
def test_reported_pictures_are_decided_on_by_button(page: Page, demo: Demo, cards: Locator) -> None:
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    picture, bar = cards.first.locator("img").bounding_box(), page.locator(".mng-act").bounding_box()
    assert picture
    assert bar
    assert picture["y"] > 0
    assert picture["y"] + picture["height"] < bar["y"], "the first screen shows no whole picture"
    cards.first.get_by_role("button", name="Keep").click()
    expect(cards).to_have_count(2)
    page.get_by_role("button", name="Mark all shown").click()
    page.get_by_label("Another label").fill("lilac")
    expect(page.get_by_text("“lilac” is new")).to_be_visible()
    page.get_by_role("button", name="Give").click()
    expect(page.get_by_text("Nothing waits here")).to_be_visible()
    expect(page.get_by_text("3 decisions wait")).to_be_visible()
    assert [one["label"] for one in _decisions(demo)[:2]] == ["lilac", "lilac"]

    page.get_by_role("button", name="Undo", exact=True).first.click()
    expect(cards).to_have_count(2)
    page.get_by_text("Recent decisions").click()
    expect(page.locator(".mng-decision").first).to_contain_text("Ann")


@pytest.mark.parametrize("page", [(1280, 900)], indirect=True, ids=["desktop"])
def test_of_two_people_the_later_one_is_told_what_the_other_decided(
    page: Page, demo: Demo, cards: Locator
) -> None:
    name = cards.first.locator("img").get_attribute("alt")
    with httpx.Client(base_url=demo.api, timeout=PATIENCE) as api:
        found = api.get("/review/queue", params={"reason": "reported"}).json()["items"]
        first = next(one["image"]["id"] for one in found if one["image"]["file_name"] == name)
        left_out = {"image_ids": [first], "kind": "exclude", "by": "Ben"}
        assert api.post("/decisions", json=left_out).is_success
    cards.first.focus()
    page.keyboard.press("Enter")
    expect(cards).to_have_count(2)
    told = page.get_by_role("alert").get_by_text(f"{name} is left out, decided by Ben.")
    expect(told).to_be_in_viewport()
    assert [(one["by"], one["kind"]) for one in _decisions(demo)] == [("Ben", "exclude")]


@pytest.mark.parametrize("page", [(1280, 900)], indirect=True, ids=["desktop"])
def test_another_reason_begins_at_its_first_picture_and_no_label_is_cut_off(
    page: Page, cards: Locator
) -> None:
    cards.nth(1).focus()
    expect(cards.nth(1)).to_have_class(re.compile("mng-at"))
    page.get_by_text("All reasons").click()
    expect(page.get_by_text("All reasons")).to_be_visible()
    expect(cards.first).to_have_class(re.compile("mng-at"))
    expect(page.locator(".mng-card.mng-at")).to_have_count(1)
    names = page.locator(".mng-names")
    assert names.evaluate("one => one.scrollWidth <= one.clientWidth")
