"""The usual JPEG to pixels in one call, by libjpeg-turbo (simplejpeg).

Pillow has the same decoder behind it and comes to the same pixels, but reads headers and feeds bytes in
Python: in two threads, less than half as many small pictures a second. What is unusual or damaged is left to
it.
"""

from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from backend.inference.jpeg_segments import METADATA, SCAN, START, segments_of
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
    data: bytes, *, most_pixels: int, least: int | None, spare: int = 1, grey: bool = False
) -> UsualJpeg | None:
    """Decodes a sound JPEG of 8 bits in YCbCr or grey; None for anything else, larger ones too.

    With `least`, at a half, a quarter or an eighth, where no side has fewer pixels then, nor fewer than
    `spare` times as many unless that costs much more: a progressive one's eighth takes a fraction of it.
    """
    if not data.startswith(START):
        return None
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in USUAL or width * height > most_pixels:
            return None
        scale, coded = _scaled(data, min(width, height), least, spare)
        pixels = simplejpeg.decode_jpeg(
            coded,
            "GRAY" if grey else "RGB",
            min_height=-(-height // scale),
            min_width=-(-width // scale),
        )
    except ValueError:  # also for what can be read all the same, though not to the letter
        return None
    return UsualJpeg(pixels.squeeze(2) if grey else pixels, width, height, _has_metadata(data))


def _scaled(data: bytes, shorter: int, least: int | None, spare: int) -> tuple[int, bytes]:
    """By what to divide the size, and the bytes to decode."""
    if least is None:
        return 1, data
    if shorter // MEANS >= least and (means := without_details(data)):
        return MEANS, means
    return next((scale for scale in SCALES if shorter // scale >= spare * least), 1), data


def _has_metadata(data: bytes) -> bool:
    """Whether there is Exif or XMP before the pixels."""
    for segment in segments_of(data):
        if segment.marker in (METADATA, SCAN):
            return segment.marker == METADATA
    return False
