"""How soon a visitor sees the answer to a picture that was dropped, and the page's first heading."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, expect

from bench.app_page import DESKTOP, PATIENCE_MS, clear, drop, page_of, wait_until_drawn
from bench.report import Row
from bench.trials import Place, mixed_pictures, serving
from tests.browser import chromium
from tests.processes import free_port

PICTURES = 25
VISITS = 5
MOST_SECONDS = 1.5
MOST_TO_HEADING = 2.0
ROOMS = ("", "batch", "library", "review", "models")


def rows(data: Path, temporary: Path) -> Iterator[Row]:
    """Under a model of the 8 animals, with the library of their pictures, the API and the page warm."""
    place = Place(temporary)
    place.menagerie("ingest", str(data / "animals-8"))
    place.menagerie("train", "--promote")
    place.menagerie("index")
    expect.set_options(timeout=PATIENCE_MS)
    with (
        serving(place, free_port()) as api,
        page_of(api, temporary / "page.log") as (url, _),
        chromium() as browser,
    ):
        yield from _answers(browser, url, mixed_pictures(data, PICTURES))
        yield from _headings(browser, url)


def _answers(browser: Browser, url: str, pictures: list[Path]) -> Iterator[Row]:
    page = browser.new_page(viewport=DESKTOP)
    page.goto(url)
    wait_until_drawn(page)
    first, *others = [_seconds_to_answer(page, path) for path in pictures]
    told = "from a drop to the answer"
    yield Row(f"{told}, the first of a visitor", first, "s", MOST_SECONDS, "lower")
    yield Row(f"{told}, {len(others)} more pictures, median", median(others), "s", MOST_SECONDS, "lower")
    yield Row(f"{told}, the slowest of these", max(others), "s", MOST_SECONDS, "lower")
    page.close()


def _seconds_to_answer(page: Page, path: Path) -> float:
    data = path.read_bytes()
    began = time.perf_counter()
    drop(page, path.name, data)
    took = time.perf_counter() - began
    wait_until_drawn(page)
    clear(page)
    return took


def _headings(browser: Browser, url: str) -> Iterator[Row]:
    """By visitors who were never there."""
    for room in ROOMS:
        took = [_seconds_to_heading(browser, f"{url}/{room}") for _ in range(VISITS)]
        name = room or "identify"
        yield Row(f"{name}: first heading, new visitor, median", median(took), "s", MOST_TO_HEADING, "lower")


def _seconds_to_heading(browser: Browser, url: str) -> float:
    page = browser.new_page(viewport=DESKTOP)
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator("h1").first.wait_for(timeout=PATIENCE_MS)
    took = time.perf_counter() - began
    page.close()
    return took
