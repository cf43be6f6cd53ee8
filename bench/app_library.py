"""The library's page with 100,000 pictures: how soon it is there, in headless Chromium."""

import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import Browser, Page
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from bench.app_page import DESKTOP, PATIENCE_MS, page_of
from bench.report import Row
from bench.trials import Api, Place, serving
from databases import findings
from databases.findings import Kind, Ranked
from databases.models import Image, Root
from databases.schema import open_for_writing
from tests.browser import chromium
from tests.processes import free_port
from training.starter import TASK

PICTURES = 100_000
AT_ONCE = 5000
FOUND: dict[Kind, int] = {"suspect": 2000, "outlier": 3500, "blurry": 1200, "dark": 300}
SHOWN = 48  # pictures a page
REPEATS = 5
MOST_SECONDS = 2.0
DRAWN = """() => {
  const squares = [...document.querySelectorAll(".mng-tiles img")]
  return squares.length > 0 && squares.every((image) => image.complete && image.naturalWidth > 0)
}"""


def fill(url: str, pictures: Path, links: Path, rows: int = PICTURES) -> int:
    """Makes a library of many rows out of one of few real pictures, and returns how many these are. Each file
    is there under many addresses, by links to its folder; splits and findings are spread over all."""
    engine = open_for_writing(url)
    with Session(engine) as session, session.begin():
        session.execute(update(Root).values(task=TASK))
        columns = [column for column in Image.__table__.columns if column.name != "id"]
        known = [dict(row._mapping) for row in session.execute(select(*columns))]
        links.mkdir()
        root = Root(name="many", uri=str(links), task=TASK)
        session.add(root)
        session.flush()
        copies = _copies(known, root.id, rows - len(known))
        for some in iter(lambda: list(itertools.islice(copies, AT_ONCE)), []):
            session.execute(insert(Image), some)
        _find(session)
    for copy in range(-(-rows // len(known))):
        (links / str(copy)).symlink_to(pictures.resolve())
    engine.dispose()
    return len(known)


def _copies(known: list[dict[str, Any]], root_id: int, count: int) -> Iterator[dict[str, Any]]:
    draw = random.Random(0)
    for number in range(count):
        row = known[number % len(known)]
        split = draw.choices(("train", "val", "test"), (70, 15, 15))[0]
        yield row | {"root_id": root_id, "uri": f"{number // len(known)}/{row['uri']}", "split": split}


def _find(session: Session) -> None:
    ids = list(session.scalars(select(Image.id)))
    draw = random.Random(1)
    found = [
        Ranked(image_id, kind, rank, None)
        for kind, count in FOUND.items()
        for rank, image_id in enumerate(draw.sample(ids, count))
    ]
    findings.replace(session, TASK, found)


def seconds_to_draw(browser: Browser, url: str) -> float:
    """From the moment that a visitor who was never here asks for the page to that when every small picture is
    drawn."""
    page = browser.new_page(viewport=DESKTOP)
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_function(DRAWN, timeout=PATIENCE_MS, polling="raf")
    took = time.perf_counter() - began
    page.close()
    return took


def seconds_to_turn(page: Page) -> float:
    """From a click on Next to the next page's pictures."""
    before = page.locator(".mng-pager span").inner_text()
    began = time.perf_counter()
    page.get_by_role("link", name="Next").click()
    page.wait_for_function(
        "before => document.querySelector('.mng-pager span')?.innerText !== before", arg=before, polling="raf"
    )
    page.wait_for_function(DRAWN, timeout=PATIENCE_MS, polling="raf")
    return time.perf_counter() - began


def rows(data: Path, temporary: Path) -> Iterator[Row]:
    place = Place(temporary)
    place.menagerie("starter")
    place.menagerie("ingest", str(data / "animals-8"))
    files = fill(f"sqlite:///{temporary / 'images.db'}", data / "animals-8", temporary / "links")
    with serving(place, free_port()) as api, page_of(api, temporary / "page.log") as (url, _):
        yield from _asked(api)
        with chromium() as browser:
            yield from _seen(browser, f"{url}/library", files)


def _asked(api: Api) -> Iterator[Row]:
    """What the page asks of the API when it opens, each in the median."""
    for path in ("/library", "/images?limit=48", "/images?limit=48&after=50000&split=test"):
        took = [_timed(api.client, path) for _ in range(2 * REPEATS)]
        yield Row(f"GET {path}, {PICTURES:,} pictures, median", 1000 * median(took), "ms", 200, "lower")


def _timed(client: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - began


def _seen(browser: Browser, url: str, files: int) -> Iterator[Row]:
    """`files`: how many real ones there are, each of them again so many pictures further on."""
    seconds_to_draw(browser, f"{url}?after={files - SHOWN}")  # what the processes load with the first visit
    places = [SHOWN * number for number in range(REPEATS)]
    cold = [seconds_to_draw(browser, f"{url}?after={after}") for after in places]
    warm = [seconds_to_draw(browser, f"{url}?after={after + files}") for after in places]
    of = f"of {PICTURES:,} pictures, to the last thumbnail drawn"
    yield Row(f"opening, {of}, median", median(warm), "s", MOST_SECONDS, "lower")
    yield Row(f"opening, {of}, thumbnails made anew, median", median(cold), "s", MOST_SECONDS, "lower")
    page = browser.new_page(viewport=DESKTOP)
    page.goto(f"{url}?after={2 * files}")
    page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
    turns = [seconds_to_turn(page) for _ in range(REPEATS)]
    yield Row(
        "a click on Next, to the last thumbnail drawn, median", median(turns), "s", MOST_SECONDS, "lower"
    )
