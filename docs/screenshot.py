"""Makes docs/page.png, the page as the README shows it: python -m docs.screenshot

Draws class folders of three animals, runs the whole `menagerie demo --images` on them, and asks it about a
picture that it has not seen. Takes about two minutes and needs Chromium.
"""

import io
import os
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, expect

from docs.drawn_animals import ANIMALS
from tests.browser import chromium
from tests.end_to_end.conftest import running_demo

TARGET = Path(__file__).with_name("page.png")
PER_ANIMAL = 24
ASKED, ASKED_SEED = "clownfish", 1000
PATIENCE_MS = 30_000


def main() -> None:
    os.environ["MENAGERIE_DUPLICATES"] = "hash"  # by embedding, drawings of one animal show the same
    with TemporaryDirectory() as folder:
        images = draw_class_folders(Path(folder) / "little-zoo")
        with running_demo(Path(folder) / "state", images, seconds=480) as demo, chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 1320}, device_scale_factor=1.5)
            page.set_default_timeout(PATIENCE_MS)
            expect.set_options(timeout=PATIENCE_MS)
            page.goto(demo.page)
            save(photograph(page))


def draw_class_folders(root: Path) -> Path:
    for name, draw in ANIMALS.items():
        (root / name).mkdir(parents=True)
        for seed in range(PER_ANIMAL):
            random = Random(seed)
            framed(draw(random), random).save(root / name / f"{seed:02}.jpg", quality=92)
    return root


def framed(image: Image.Image, random: Random) -> Image.Image:
    """As by a hand that holds the camera otherwise each time: drawings that lie alike are taken for one."""
    turned = image.rotate(random.uniform(-14, 14), Image.Resampling.BICUBIC)
    width, height = image.size
    share = random.uniform(0.55, 0.8)
    left, upper = (random.uniform(0.1, 0.9 - share) * side for side in image.size)
    return turned.crop((int(left), int(upper), int(left + share * width), int(upper + share * height)))


def photograph(page: Page) -> bytes:
    """The page with its answer about an unseen picture and with pictures like it, as PNG."""
    file = io.BytesIO()
    ANIMALS[ASKED](Random(ASKED_SEED)).save(file, "JPEG", quality=92)
    page.locator("input[type=file]").set_input_files(
        {"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
    )
    expect(page.locator(".mng-answer h1")).to_contain_text(ASKED)
    expect(page.locator(".st-key-tiles img").first).to_be_visible()
    page.wait_for_function("[...document.images].every(image => image.complete)")
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(1000)  # the page moves smoothly, and has no event for having arrived
    return page.screenshot()


def save(png: bytes) -> None:
    """With a palette, dithered: half the size, and no difference to the eye."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    palette = image.quantize(256)
    image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
