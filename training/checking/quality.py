"""How a picture looks, in four figures that do not depend on its size."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from PIL import Image

from databases.quality import Quality

LONGER_SIDE = 256  # pixels of the miniature that is measured
TILES = 4  # along either side
PERCENTILES = (1, 99)  # and not the extremes: a lone bright or colourful pixel says nothing


def miniature_of(image: Image.Image) -> Image.Image:
    """A picture as it is measured. How it is made smaller has a say in how sharp it is found, by half: the
    thresholds hold for this way, which is as good as a bicubic one and takes three fifths of its time."""
    scale = LONGER_SIDE / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)


def measure(miniature: NDArray[np.uint8]) -> Quality:
    """Measures a miniature, uint8 RGB [height, width, 3], whose longer side has at most 256 pixels.

    Sharpness is the variance of the Laplacian of the luma of 0 to 255 (Pech-Pacheco et al. 2000, "Diatom
    autofocusing in brightfield microscopy", ICPR), in the sharpest of 4 x 4 tiles: an animal before a blurred
    ground is sharp. Brightness is the mean luma (Rec. 601), 0 to 1. Contrast is the luma that 99 % of the
    pixels do not exceed less that which 1 % do not, 0 to 1. Saturation is the chroma, the largest of red,
    green and blue less the smallest (Smith 1978, "Color gamut transform pairs", SIGGRAPH), that 99 % do not
    exceed, 0 to 1: a brown bear in the snow is colourful, and a picture without colour is near 0.
    """
    luma = cv2.cvtColor(miniature, cv2.COLOR_RGB2GRAY)
    red, green, blue = cv2.split(miniature)
    chroma = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    darkest, brightest = _percentiles(luma)
    return Quality(
        sharpness=_sharpness(luma),
        brightness=float(cv2.mean(luma)[0]) / 255,
        contrast=(brightest - darkest) / 255,
        saturation=_percentiles(chroma)[1] / 255,
    )


def _sharpness(luma: MatLike) -> float:
    laplacian = cv2.Laplacian(luma, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
    tiles = [tile for row in _parted(laplacian, 0) for tile in _parted(row, 1)]
    return max(float(cv2.meanStdDev(tile)[1][0, 0]) ** 2 for tile in tiles)


def _parted(array: MatLike, axis: int) -> list[MatLike]:
    return np.array_split(array, min(TILES, array.shape[axis]), axis)


def _percentiles(values: MatLike) -> tuple[int, int]:
    """Of values from 0 to 255: those that 1 % and 99 % do not exceed."""
    counts = cv2.calcHist([values], [0], None, [256], [0, 256]).ravel().cumsum()
    low, high = np.searchsorted(counts, [counts[-1] * share / 100 for share in PERCENTILES])
    return int(low), int(high)
