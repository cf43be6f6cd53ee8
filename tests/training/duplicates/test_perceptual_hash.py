"""A hash that copies share and other pictures do not."""

import numpy as np
import pytest
from PIL import Image

from tests.drawing import draw_scene
from tests.training.duplicates.copying import CHANGED, WHOLE
from training.duplicates.close_hashes import CLOSE
from training.duplicates.perceptual_hash import BITS, perceptual_hash, to_bits, turned_and_mirrored


def hash_of(image: Image.Image) -> str | None:
    return perceptual_hash(np.asarray(image.convert("L")))


def difference(first: Image.Image, second: Image.Image) -> int:
    """In how many bits two pictures differ, in the position in which they differ least."""
    one, other = (to_bits([str(hash_of(image))]) for image in (first, second))
    return int((turned_and_mirrored(one) != other).sum(axis=2).min())


@pytest.mark.parametrize("change", WHOLE)
def test_a_copy_of_the_whole_picture_is_close(change: str) -> None:
    scene = draw_scene(1)
    assert difference(scene, WHOLE[change](scene)) < CLOSE / 2


@pytest.mark.parametrize("other", [draw_scene(2), CHANGED["slightly turned"](draw_scene(1))])
def test_another_picture_is_not(other: Image.Image) -> None:
    assert difference(draw_scene(1), other) > 2 * CLOSE


def test_the_first_position_is_as_the_picture_is() -> None:
    bits = to_bits([str(hash_of(draw_scene(number))) for number in range(3)])
    positions = turned_and_mirrored(bits)
    assert positions.shape == (8, 3, BITS)
    assert np.array_equal(positions[0], bits)
    assert len(np.unique(positions[:, 0], axis=0)) == 8


@pytest.mark.parametrize("tone", [0, 128, 255])
def test_a_picture_of_one_tone_has_none(tone: int) -> None:
    assert hash_of(Image.new("L", (60, 40), tone)) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 100_000), (100_000, 1), (20, 15), (4000, 3000)])
def test_pictures_of_any_shape_have_one(size: tuple[int, int]) -> None:
    striped = Image.new("L", size)
    striped.paste(255, (0, 0, max(1, size[0] // 3), max(1, size[1] // 3)))
    hashed = hash_of(striped)
    assert (hashed is None) == (size == (1, 1))
