"""Pictures to model input, by a bundle's own specification and nothing else."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import numpy as np
from annotated_types import Gt, Le
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict

INTERPOLATIONS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
Triple = tuple[float, float, float]


class Box(NamedTuple):
    """A part of an upright picture, as fractions of its width and height."""

    left: float
    top: float
    right: float
    bottom: float


class Preprocessing(BaseModel):
    """How a picture becomes input.

    `resize`: `crop` takes the central square that spans `crop_fraction` of the shorter side, `squash` the
    whole picture whatever its shape; either is then resized to `size` x `size` pixels. Values in 0..1 are
    normalised by `mean` and `std`, in the order red, green, blue.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[int, Gt(0), Le(2048)]
    resize: Literal["crop", "squash"]
    crop_fraction: Annotated[float, Gt(0), Le(1)]
    interpolation: Literal["bilinear", "bicubic", "lanczos"]
    mean: Triple
    std: tuple[Annotated[float, Gt(0)], Annotated[float, Gt(0)], Annotated[float, Gt(0)]]

    @property
    def least(self) -> int:
        """Pixels of the shorter side below which a picture would be enlarged: what a decoder must give."""
        return math.ceil(self.size / (self.crop_fraction if self.resize == "crop" else 1))


def resize(images: Sequence[Image.Image], spec: Preprocessing) -> NDArray[np.uint8]:
    """RGB pictures of any size to uint8 [n, size, size, 3]."""
    pixels = np.empty((len(images), spec.size, spec.size, 3), np.uint8)
    for row, image in zip(pixels, images, strict=True):
        row[...] = np.asarray(_resize_one(image, spec))
    return pixels


def normalise(pixels: NDArray[np.uint8], spec: Preprocessing) -> NDArray[np.float32]:
    """uint8 [n, size, size, 3] to float32 [n, 3, size, size], normalised."""
    std = np.asarray(spec.std, np.float32)
    scale = (1 / (255 * std)).reshape(1, 3, 1, 1)
    shift = (-np.asarray(spec.mean, np.float32) / std).reshape(1, 3, 1, 1)
    images = np.empty((len(pixels), 3, spec.size, spec.size), np.float32)
    np.multiply(pixels.transpose(0, 3, 1, 2), scale, out=images, dtype=np.float32)
    images += shift
    return images


def preprocess(images: Sequence[Image.Image], spec: Preprocessing) -> NDArray[np.float32]:
    """RGB pictures of any size to float32 [n, 3, size, size], normalised."""
    return normalise(resize(images, spec), spec)


def seen(width: int, height: int, spec: Preprocessing) -> Box:
    """Which part of an upright picture of so many pixels becomes input."""
    left, top, right, bottom = _seen_pixels(width, height, spec)
    return Box(left / width, top / height, right / width, bottom / height)


def _seen_pixels(width: int, height: int, spec: Preprocessing) -> tuple[float, float, float, float]:
    if spec.resize == "squash":
        return (0.0, 0.0, float(width), float(height))
    side = min(width, height) * spec.crop_fraction
    return ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)


def _resize_one(image: Image.Image, spec: Preprocessing) -> Image.Image:
    # The box is resized at once instead of resizing first and cropping then: the same pixels for less work,
    # and a picture of 1 x 10,000 pixels cannot blow up to gigabytes on the way.
    box = _seen_pixels(*image.size, spec)
    return image.resize((spec.size, spec.size), INTERPOLATIONS[spec.interpolation], box=box)
