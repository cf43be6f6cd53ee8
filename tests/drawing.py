"""Pictures drawn by the tests: small, different from one another, and known in every pixel that matters."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


def draw(colour: str, number: int = 0, size: tuple[int, int] = (48, 32)) -> Image.Image:
    """A picture that is mostly `colour`, in light and dark patches; each `number` gives another one."""
    chance = np.random.default_rng([number, *COLOURS[colour]])
    light = Image.fromarray(chance.integers(176, 256, (8, 11), np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )
    lit = np.asarray(light, np.float64)[..., None] / 255 * COLOURS[colour]
    return Image.fromarray(lit.astype(np.uint8) + chance.integers(0, 24, (size[1], size[0], 3), np.uint8))


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


def draw_scene(number: int, size: tuple[int, int] = (240, 180)) -> Image.Image:
    """A picture with much to recognise it by, from coarse shapes to fine grain; another for each `number`."""
    chance = np.random.default_rng(number)
    pixels = np.zeros((size[1], size[0], 3))
    for across, weight in ((4, 0.5), (12, 0.3), (40, 0.2)):
        shapes = Image.fromarray(chance.integers(0, 256, (across * 3 // 4, across, 3), np.uint8))
        pixels += weight * np.asarray(shapes.resize(size, Image.Resampling.BICUBIC), np.float64)
    return Image.fromarray(pixels.astype(np.uint8))
