"""The usual JPEG to pixels in one call, by libjpeg-turbo (simplejpeg).

Pillow has the same decoder behind it and comes to the same pixels, but reads headers and feeds bytes in
Python: in two threads, less than half as many small pictures a second. What is unusual or damaged is left to
it.
"""

from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from backend.inference.progressive import without_details

START = b"\xff\xd8\xff"
USUAL = ("YCbCr", "Gray")
SCAN, METADATA = 0xDA, 0xE1  # markers: SOS; APP1, which holds Exif and XMP
SCALES = (8, 4, 2, 1)  # what libjpeg has fast code for
MEANS = 8  # the scale at which a block becomes one pixel
# Real files have about ten; each more would cost as much as the whole picture, and hardly a byte.
MOST_SCANS = 100


@dataclass(frozen=True)
class UsualJpeg:
    """`pixels`: uint8 [rows, columns, 3], or [rows, columns] where grey was asked for, as they lie in the
    file; `width` and `height` are the file's own. `has_metadata`: it may say which side is up."""

    pixels: NDArray[np.uint8]
    width: int
    height: int
    has_metadata: bool


def has_too_many_scans(data: bytes) -> bool:
    """Whether decoding `data` would go over its pixels again and again."""
    return data.startswith(START) and data.count(bytes((0xFF, SCAN))) > MOST_SCANS


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
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != SCAN:
        if data[at + 1] == METADATA:
            return True
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    # What does not follow on one another, such as fill bytes, is for a reader who knows more of it.
    return data[at : at + 2] != bytes((0xFF, SCAN))
