"""Pictures drawn by the tests: small, different from one another, and known in every pixel that matters."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


def draw(colour: str, number: int = 0, size: tuple[int, int] = (48, 32)) -> Image.Image:
    """A picture that is mostly `colour`; each `number` gives another one."""
    image = Image.new("RGB", size, COLOURS[colour])
    noise = np.random.default_rng(number).integers(0, 24, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(np.asarray(image) + noise)
    radius = min(size) // 6 + number % 3
    ImageDraw.Draw(image).ellipse((4, 4, 4 + radius, 4 + radius), fill=(255, 255, 255))
    return image


def draw_greys(folder: Path, count: int) -> Path:
    """A folder of pictures in shades of grey, which show none of the colours."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.new("RGB", (48, 32), (90 + number,) * 3).save(folder / f"grey-{number}.png")
    return folder


def encode(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    if format == "HEIF":  # without telling Pillow of it: that is for the decoder to do
        pillow_heif.from_pillow(image).save(buffer, **options)
    else:
        image.save(buffer, format, **options)
    return buffer.getvalue()


def picture(colour: str, number: int = 0, format: str = "JPEG", **options: Any) -> bytes:
    """The bytes of a drawn picture."""
    return encode(draw(colour, number), format, **options)


def draw_class_folders(
    root: Path, per_label: int = 8, labels: tuple[str, ...] = ("red", "green", "blue"), first: int = 0
) -> Path:
    """A folder of class folders with `per_label` different pictures each, numbered from `first`."""
    for label in labels:
        (root / label).mkdir(parents=True)
        for number in range(first, first + per_label):
            (root / label / f"{number}.jpg").write_bytes(picture(label, number))
    return root
