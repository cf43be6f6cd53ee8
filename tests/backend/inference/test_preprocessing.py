import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from backend.inference.preprocessing import Preprocessing, normalise, preprocess, resize
from tests.drawing import draw

CROP = Preprocessing(
    size=16, resize="crop", crop_fraction=0.5, interpolation="bicubic", mean=(0.5, 0.25, 0), std=(0.5, 1, 2)
)


def test_crop_takes_the_central_square_of_the_shorter_side() -> None:
    image = Image.new("RGB", (64, 32), "white")
    image.paste("red", (24, 8, 40, 24))  # the central 16 x 16: half of the shorter side
    assert np.array_equal(resize([image], CROP)[0], np.full((16, 16, 3), (255, 0, 0), np.uint8))


def test_crop_at_once_gives_the_pixels_of_resize_then_crop() -> None:
    image = draw("green", size=(96, 64))
    spec = CROP.model_copy(update={"size": 56, "crop_fraction": 0.875})
    slowly = image.resize((96, 64), Image.Resampling.BICUBIC).crop((20, 4, 76, 60))
    assert np.abs(resize([image], spec)[0].astype(int) - np.asarray(slowly).astype(int)).max() <= 1


def test_squash_shows_the_whole_picture() -> None:
    image = Image.new("RGB", (64, 32), "white")
    image.paste("blue", (0, 0, 32, 32))
    pixels = resize([image], CROP.model_copy(update={"resize": "squash"}))[0]
    assert pixels[8, 2].tolist() == [0, 0, 255]
    assert pixels[8, 13].tolist() == [255, 255, 255]


def test_values_are_normalised_per_channel() -> None:
    pixels = np.zeros((1, 16, 16, 3), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = 255, 51, 102
    images = normalise(pixels, CROP)
    assert images.shape == (1, 3, 16, 16)
    assert images.dtype == np.float32
    np.testing.assert_allclose(images[0, :, 3, 3], [(1 - 0.5) / 0.5, 0.2 - 0.25, 0.4 / 2], atol=1e-6)


def test_a_batch_is_the_pictures_one_by_one_in_order() -> None:
    images = [draw("red", size=(40, 30)), draw("blue", size=(20, 70))]
    batch = preprocess(images, CROP)
    for row, image in zip(batch, images, strict=True):
        assert np.array_equal(row, preprocess([image], CROP)[0])
    assert not np.array_equal(batch[0], batch[1])


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1)])
def test_extreme_shapes_cost_no_more_than_others(size: tuple[int, int]) -> None:
    assert resize([Image.new("RGB", size)], CROP).shape == (1, 16, 16, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"interpolation": "cubicc"},
        {"size": 0},
        {"std": (1, 0, 1)},
        {"crop_fraction": 1.5},
        {"resise": "crop"},
    ],
)
def test_unknown_values_raise(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(change))):
        Preprocessing.model_validate(CROP.model_dump() | change)
