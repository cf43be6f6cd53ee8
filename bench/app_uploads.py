"""What uploads leave in the memory of the page's process: 500 by one visitor, and 120 by one visitor each.

What is resident goes up and down from one upload to the next. So growth begins at the least that is read
within seconds of an upload, and ends at the median of what is read after each of the last ten. A machine that
is short of memory flatters: what lies in files is then no longer resident.
"""

import io
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, expect

from bench.app_page import PATIENCE_MS, ask, clear, page_of
from bench.report import Row
from bench.trials import Place, files_of, resident_mb_of, serving
from tests.browser import chromium
from tests.processes import free_port

UPLOADS = 500
VISITORS = 120  # where each has a browser's page of its own
STARTS = (1, 10)  # by the later one what is loaded once is there: Pillow's readers, the caches' first entries
READINGS, SECONDS = 10, 0.3  # so many, so far apart, of which the least is where growth begins
LAST = 10  # uploads, over which the end is the median
SIZE = (1280, 960)
NOISE = 7.0  # grey levels: what makes a picture of SIZE come to about 300 kB
MOST_MB = 50.0


def pictures(data: Path, count: int, seed: int) -> Iterator[bytes]:
    """Different JPEGs of about 300 kB, made of real pictures by enlarging them under noise."""
    files = files_of(data / "animals-8")
    draw = np.random.default_rng(seed)
    for number in range(count):
        with Image.open(files[number % len(files)]) as image:
            pixels = np.asarray(image.convert("RGB").resize(SIZE), np.float32)
        noisy = pixels + draw.normal(0, NOISE, (*pixels.shape[:2], 1))
        out = io.BytesIO()
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=85)
        yield out.getvalue()


def by_one_visitor(browser: Browser, url: str, data: Path) -> Iterator[bytes]:
    """What is uploaded, one after the other, each once its answer is there."""
    page = browser.new_page()
    page.goto(url)
    for number, picture in enumerate(pictures(data, UPLOADS, seed=1)):
        ask(page, f"{number}.jpg", picture)
        clear(page)
        yield picture
    page.close()


def by_one_each(browser: Browser, url: str, data: Path) -> Iterator[bytes]:
    """As `by_one_visitor`, but each from a browser's page of its own, which is closed over the answer."""
    for number, picture in enumerate(pictures(data, VISITORS, seed=2)):
        page = browser.new_page()
        page.goto(url)
        ask(page, f"{number}.jpg", picture)
        page.close()
        yield picture


def least_mb_of(process: subprocess.Popen[bytes]) -> float:
    """The least that is resident within the next seconds, in which nobody asks for anything."""
    readings = []
    for _ in range(READINGS):
        time.sleep(SECONDS)
        readings.append(resident_mb_of(process))
    return min(readings)


def rows(data: Path, temporary: Path) -> Iterator[Row]:
    place = Place(temporary)
    place.menagerie("ingest", str(data / "animals-8"))
    place.menagerie("train", "--promote")
    expect.set_options(timeout=PATIENCE_MS)
    with serving(place, free_port()) as api, chromium() as browser:
        for who, uploads in (("one visitor", by_one_visitor), ("one visitor each", by_one_each)):
            with page_of(api, temporary / "page.log") as (url, process):
                sizes, memory, starts = [], [], {}
                for number, picture in enumerate(uploads(browser, url, data), 1):
                    sizes.append(len(picture))
                    memory.append(resident_mb_of(process))
                    if number in STARTS:
                        starts[number] = least_mb_of(process)
            end = statistics.median(memory[-LAST:])
            yield Row(f"picture, mean, {who}", float(np.mean(sizes)) / 1000, "kB", 250, "higher")
            yield Row(f"memory after {len(memory)} uploads by {who}", end, "MB", 300, "lower")
            for first, start in starts.items():
                what = f"growth from upload {first} to {len(memory)}, {who}"
                yield Row(what, end - start, "MB", MOST_MB, "lower")
