"""How a picture looks, in figures."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from training.checking.quality import measure, miniature_of

Pixels = NDArray[np.uint8]


def scene(size: tuple[int, int] = (256, 192)) -> Image.Image:
    """A coloured scene with edges everywhere."""
    small = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.NEAREST)


def plain(colour: tuple[int, int, int]) -> Pixels:
    return np.full((60, 80, 3), colour, np.uint8)


def sharpness(image: Image.Image) -> float:
    return measure(np.asarray(image)).sharpness


def test_the_more_a_picture_is_blurred_the_less_sharp_it_is() -> None:
    blurred = [sharpness(scene().filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 1, 2, 4)]
    assert blurred == sorted(blurred, reverse=True)
    assert blurred[0] > 50 * blurred[2]


def test_what_stands_sharp_before_a_blurred_ground_is_sharp() -> None:
    ground = scene().filter(ImageFilter.GaussianBlur(8))
    ground.paste(scene((64, 48)), (64, 48))
    assert sharpness(ground) > 0.5 * sharpness(scene())


@pytest.mark.parametrize(
    ("colour", "brightness", "saturation"),
    [
        ((0, 0, 0), 0.0, 0.0),
        ((255, 255, 255), 1.0, 0.0),
        ((255, 0, 0), 0.299, 1.0),
        ((0, 255, 0), 0.587, 1.0),
        ((100, 100, 150), 0.414, 0.196),
    ],
)
def test_a_plain_colour_is_as_bright_and_as_colourful_as_it_is(
    colour: tuple[int, int, int], brightness: float, saturation: float
) -> None:
    found = measure(plain(colour))
    assert found.brightness == pytest.approx(brightness, abs=0.005)
    assert found.saturation == pytest.approx(saturation, abs=0.005)
    assert (found.sharpness, found.contrast) == (0, 0)


def test_contrast_and_saturation_are_of_what_stands_out_and_not_of_a_lone_pixel() -> None:
    pixels = plain((40, 40, 40))
    pixels[0, 0] = (255, 0, 0)
    pixels[0, 1] = (255, 255, 255)
    lone = measure(pixels)
    assert (lone.contrast, lone.saturation) == (0, 0)
    pixels[:6, :20] = (240, 40, 40)  # 2.5 % of it
    found = measure(pixels)
    assert found.contrast == pytest.approx(60 / 255, abs=0.01)
    assert found.saturation == pytest.approx(200 / 255, abs=0.01)


@pytest.mark.parametrize("size", [(1, 1), (1, 256), (3, 2), (256, 5)])
def test_pictures_of_few_pixels_are_measured_too(size: tuple[int, int]) -> None:
    found = measure(np.asarray(scene(size)))
    assert np.isfinite([found.sharpness, found.brightness, found.contrast, found.saturation]).all()


def test_a_large_picture_looks_as_its_miniature_does() -> None:
    soft = scene((32, 24))
    small, large = (soft.resize(size, Image.Resampling.BICUBIC) for size in ((256, 192), (1024, 768)))
    found, expected = (measure(np.asarray(miniature_of(image))) for image in (large, small))
    for name in ("sharpness", "brightness", "contrast", "saturation"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=0.15)
