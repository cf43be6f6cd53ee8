"""Pictures of the library as arrays."""

from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import Engine

from backend.inference.preprocessing import Preprocessing
from tests.training.making import pictures_of, take_in
from training.pictures import BATCH, iter_pixels, read_pixels

SPEC = Preprocessing(
    size=4, resize="squash", crop_fraction=1, interpolation="bilinear", mean=(0, 0, 0), std=(1, 1, 1)
)
MANY = 2 * BATCH + 6


def test_pictures_keep_their_order_over_all_batches_and_progress_is_told(
    engine: Engine, tmp_path: Path
) -> None:
    greys = np.random.default_rng(0).permutation(MANY)
    (tmp_path / "pictures" / "grey").mkdir(parents=True)
    for number, grey in enumerate(greys):
        image = Image.new("RGB", (6, 6), (int(grey),) * 3)
        image.save(tmp_path / "pictures" / "grey" / f"{number:03}.png")
    take_in(engine, tmp_path / "pictures", "greys")
    images = list(pictures_of(engine, "greys").values())
    steps: list[int] = []
    pixels = read_pixels(images, SPEC, steps.append)
    assert pixels.shape == (MANY, 4, 4, 3)
    assert pixels[:, 0, 0, 0].tolist() == greys.tolist()
    assert steps == [BATCH, BATCH, 6]
    assert list(iter_pixels([], SPEC)) == []
