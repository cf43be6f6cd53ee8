"""The usual JPEG to pixels in one call, by libjpeg-turbo (simplejpeg).

Pillow has the same decoder behind it and comes to the same pixels, but reads headers and feeds bytes in
Python: in two threads, less than half as many small pictures a second. What is unusual or damaged is left to
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from backend.inference.jpeg_segments import METADATA, SCAN, START, Segment
from backend.inference.mean_colours import mean_colours
from backend.inference.progressive import without_details

USUAL = ("YCbCr", "Gray")
SCALES = (8, 4, 2, 1)  # what libjpeg has fast code for
MEANS = 8  # the scale at which a block becomes one pixel


@dataclass(frozen=True)
class UsualJpeg:
    """`pixels`: uint8 [rows, columns, 3], or [rows, columns] where grey was asked for, as they lie in the
    file; `width` and `height` are the file's own. `has_metadata`: it may say which side is up."""

    pixels: NDArray[np.uint8]
    width: int
    height: int
    has_metadata: bool


def decode_usual(
    data: bytes,
    segments: Sequence[Segment],
    *,
    most_pixels: int,
    least: int | None,
    spare: int = 1,
    grey: bool = False,
) -> UsualJpeg | None:
    """Decodes a sound JPEG of 8 bits in YCbCr or grey, which consists of `segments`; None for anything else,
    larger ones too.

    With `least`, at a half, a quarter or an eighth, where no side has fewer pixels then, nor fewer than
    `spare` times as many unless that costs much more: a progressive one's eighth takes a fraction of it.
    """
    if not data.startswith(START):
        return None
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in USUAL or width * height > most_pixels:
            return None
        means = without_details(data, segments) if least and min(width, height) // MEANS >= least else None
        if means:
            pixels = _eighth(means, (height, width), grey=grey)
        else:
            scale = _scale(min(width, height), least, spare)
            pixels = _decoded(data, (height, width), scale, grey=grey)
    except ValueError:  # also for what can be read all the same, though not to the letter
        return None
    return UsualJpeg(pixels, width, height, _has_metadata(segments))


def _scale(shorter: int, least: int | None, spare: int) -> int:
    """By what to divide the size."""
    if least is None:
        return 1
    return next((scale for scale in SCALES if shorter // scale >= spare * least), 1)


def _eighth(means: bytes, size: tuple[int, int], *, grey: bool) -> NDArray[np.uint8]:
    planes = mean_colours(means)
    if planes is None:
        return _decoded(means, size, MEANS, grey=grey)
    if grey:
        return planes[0]
    if len(planes) == 1:
        return np.stack(3 * planes, axis=2)
    return np.asarray(Image.merge("YCbCr", [Image.fromarray(plane) for plane in planes]).convert("RGB"))


def _decoded(data: bytes, size: tuple[int, int], scale: int, *, grey: bool) -> NDArray[np.uint8]:
    height, width = (-(-side // scale) for side in size)
    colours = "GRAY" if grey else "RGB"
    pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colours, min_height=height, min_width=width)
    return pixels.squeeze(2) if grey else pixels


def _has_metadata(segments: Sequence[Segment]) -> bool:
    """Whether there is Exif or XMP before the pixels."""
    for segment in segments:
        if segment.marker in (METADATA, SCAN):
            return segment.marker == METADATA
    return False
