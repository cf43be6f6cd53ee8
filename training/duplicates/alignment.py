"""Whether two pictures show the same, found by laying one over the other: turned, scaled, cut, mirrored,
brighter or darker as they may be.

Key points by SIFT (Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", IJCV 2004), compared as
RootSIFT (Arandjelovic and Zisserman, CVPR 2012), an affine map through them by RANSAC (Fischler and Bolles,
1981), and then the pixels themselves: a logo in the same corner gives a map too, but not the same pixels.
"""

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 256  # pixels of the longer side
POINTS = 300
# The nearest descriptor counts where the second is this much further off (Lowe's ratio).
RATIO = 0.8
FEWEST_POINTS = 5
PIXELS_OFF = 3.0
LARGEST_SCALE = 20.0  # of areas
# Correlation of the pixels that lie over each other, and how much of the one or the other picture they are.
# Of copies of 300 photographs all but one had 0.99 or more; of different photographs of one kind of animal
# none had over 0.77, and those from 0.8 on were of one scene, moments apart.
CORRELATED = 0.8
OVERLAP = 0.5


@dataclass(frozen=True)
class Sketch:
    """What is compared of a picture. `grey`: uint8 [h, w]; `points`: float32 [n, 2], x and y in its pixels;
    `descriptors`: float32 [n, 128] of length 1."""

    grey: NDArray[np.uint8]
    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]

    @functools.cached_property
    def mirrored(self) -> "Sketch":
        """That of the picture mirrored from left to right."""
        points = self.points * np.array([-1, 1], np.float32)
        points[:, 0] += self.grey.shape[1] - 1
        return Sketch(np.ascontiguousarray(self.grey[:, ::-1]), points, self.descriptors[:, _mirrored_bins()])


def sketch(image: Image.Image) -> Sketch:
    """The sketch of an RGB picture of any size."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    grey = np.asarray(small.convert("L"))
    keypoints, found = cv2.SIFT.create(nfeatures=POINTS, contrastThreshold=0.02).detectAndCompute(grey, None)
    if found is None or not len(keypoints):
        return Sketch(grey, np.empty((0, 2), np.float32), np.empty((0, 128), np.float32))
    points = np.array([point.pt for point in keypoints], np.float32)
    total = np.maximum(found.sum(axis=1, keepdims=True), 1e-6)
    return Sketch(grey, points, np.sqrt(found / total))


def show_the_same(first: Sketch, second: Sketch) -> bool:
    """Whether one of two pictures, or its mirror image, lies over the other."""
    return _lies_over(first, second) or _lies_over(first.mirrored, second)


def _lies_over(first: Sketch, second: Sketch) -> bool:
    of_first, of_second = _matches(first.descriptors, second.descriptors)
    if len(of_first) < FEWEST_POINTS:
        return False
    cv2.setRNGSeed(0)  # its samples are drawn by chance, the answer is not to depend on it
    map_, held = cv2.estimateAffine2D(
        first.points[of_first],
        second.points[of_second],
        ransacReprojThreshold=PIXELS_OFF,
        confidence=0.999,
    )
    if map_ is None or held.sum() < FEWEST_POINTS:
        return False
    area = abs(float(np.linalg.det(map_[:, :2])))
    if not 1 / LARGEST_SCALE < area < LARGEST_SCALE:
        return False
    return _same_pixels(first.grey, second.grey, np.asarray(map_, np.float64), area)


def _matches(
    first: NDArray[np.float32], second: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which descriptors of `first` have a counterpart in `second` that no other comes near, and which."""
    if len(second) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    likeness = first @ second.T  # both of length 1: the squared distance is 2 - 2 x this
    rows = np.arange(len(first))
    best = likeness.argmax(axis=1)
    nearest = 2 - 2 * likeness[rows, best]
    likeness[rows, best] = -1
    next_nearest = 2 - 2 * likeness.max(axis=1)
    clear = nearest < RATIO**2 * next_nearest
    return rows[clear], best[clear]


def _same_pixels(
    first: NDArray[np.uint8], second: NDArray[np.uint8], map_: NDArray[np.float64], area: float
) -> bool:
    height, width = second.shape
    moved = cv2.warpAffine(first, map_, (width, height))
    covered = cv2.warpAffine(np.full_like(first, 255), map_, (width, height)) == 255
    covered = cv2.erode(covered.astype(np.uint8), np.ones((5, 5), np.uint8)) == 1
    pixels = int(covered.sum())
    if pixels < max(OVERLAP * second.size, 1) and pixels / area < OVERLAP * first.size:
        return False
    x, y = (cv2.GaussianBlur(grey, (0, 0), 2)[covered].astype(np.float64) for grey in (moved, second))
    x -= x.mean()
    y -= y.mean()
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return spread > 0 and float(x @ y) / spread >= CORRELATED


@functools.cache
def _mirrored_bins() -> NDArray[np.int64]:
    """Where the mirror image's 4 x 4 x 8 bins of a descriptor lie in it: rows across the point's direction in
    the other order, and angles the other way round."""
    bins = np.arange(128).reshape(4, 4, 8)
    return bins[::-1][:, :, (-np.arange(8)) % 8].ravel()
