"""What uploads leave in the memory of the page's process: 500 by one visitor, and 120 by one visitor each.

MENAGERIE_DATA=... python -m bench.app_uploads
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from bench.report import Row, measure
from bench.trials import Place, files_of, resident_mb_of, serving
from tests.browser import chromium
from tests.processes import free_port, running
from training.cli.processes import LOCAL, page_command

UPLOADS = 500
VISITORS = 120  # where each has a browser's page of its own
FIRST = 10  # by then what is loaded once is there: Pillow's readers, the caches' first entries
SIZE = (1280, 960)
NOISE = 7.0  # grey levels: what makes a picture of SIZE come to about 300 kB
MOST_MB = 50.0
PATIENCE_MS = 60_000


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


def ask(page: Page, number: int, data: bytes) -> None:
    """Uploads a picture, and waits for its answer and for the pictures below."""
    page.locator("input[type=file]").set_input_files(
        {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": data}
    )
    expect(page.locator(".mng-answer h1")).to_be_visible()
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Until the script has run to its end: before, a robot may reach what is about to go."""
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_be_visible()


def by_one_visitor(browser: Browser, url: str, data: Path) -> Iterator[bytes]:
    """What is uploaded, one after the other, each once its answer is there."""
    page = browser.new_page()
    page.goto(url)
    for number, picture in enumerate(pictures(data, UPLOADS, seed=1)):
        ask(page, number, picture)
        page.get_by_role("button", name="Another picture").click()
        expect(page.locator(".mng-answer")).to_have_count(0)
        wait_until_drawn(page)
        yield picture
    page.close()


def by_one_each(browser: Browser, url: str, data: Path) -> Iterator[bytes]:
    """As `by_one_visitor`, but each from a browser's page of its own, which is closed over the answer."""
    for number, picture in enumerate(pictures(data, VISITORS, seed=2)):
        page = browser.new_page()
        page.goto(url)
        ask(page, number, picture)
        page.close()
        yield picture


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    place = Place(temporary)
    place.menagerie("ingest", str(data / "animals-8"))
    place.menagerie("train", "--promote")
    expect.set_options(timeout=PATIENCE_MS)
    with serving(place, free_port()) as api, chromium() as browser:
        for who, uploads in (("one visitor", by_one_visitor), ("one visitor each", by_one_each)):
            settings = {"MENAGERIE_API_URL": str(api.client.base_url)}
            port = free_port()
            url = f"http://{LOCAL}:{port}"
            log = temporary / "page.log"
            with running(page_command(LOCAL, port)[2:], settings, f"{url}/_stcore/health", log) as process:
                sizes, memory = [], []
                for picture in uploads(browser, url, data):
                    sizes.append(len(picture))
                    memory.append(resident_mb_of(process))
            yield Row(f"picture, mean, {who}", float(np.mean(sizes)) / 1000, "kB", 250, "higher")
            yield Row(f"memory after {len(memory)} uploads by {who}", memory[-1], "MB", 300, "lower")
            for first in (1, FIRST):
                grown = memory[-1] - memory[first - 1]
                yield Row(
                    f"growth from upload {first} to {len(memory)}, {who}", grown, "MB", MOST_MB, "lower"
                )


if __name__ == "__main__":
    measure("app_uploads", _rows)
