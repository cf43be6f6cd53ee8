"""A folder of class folders with faults in it."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from tests.drawing import COLOURS, encode


def draw_faulty_folders(root: Path) -> Path:
    """Twelve pictures a colour; one of the green lies among the red as well, in another format. Beside the
    folders, so that it has no label, lies a blurred one."""
    for colour in COLOURS:
        (root / colour).mkdir(parents=True)
        for number in range(12):
            (root / colour / f"{number}.jpg").write_bytes(encode(draw_tiles(colour, number)))
    (root / "red" / "wrong.png").write_bytes(encode(draw_tiles("green", 5), "PNG"))
    blurred = draw_tiles("blue", 51).filter(ImageFilter.GaussianBlur(4))
    (root / "blurred.png").write_bytes(encode(blurred, "PNG"))
    return root


def draw_tiles(colour: str, number: int) -> Image.Image:
    """A sharp picture of tiles in shades of `colour`, some of them white; another for each `number`."""
    chance = np.random.default_rng([number, *COLOURS[colour]])
    shade = chance.uniform(0.5, 1, (9, 12, 1))
    tiles = np.where(chance.random((9, 12, 1)) < 0.15, 255, shade * COLOURS[colour])
    return Image.fromarray(tiles.astype(np.uint8)).resize((192, 144), Image.Resampling.NEAREST)
