"""The usual JPEG to pixels in one call, by libjpeg-turbo (simplejpeg).

Pillow has the same decoder behind it and comes to the same pixels, but reads headers and feeds bytes in
Python: in two threads, less than half as many small pictures a second. What is unusual or damaged is left to
it.
"""

from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from backend.inference.progressive import NEXT_MARKER, without_details

START = b"\xff\xd8\xff"
USUAL = ("YCbCr", "Gray")
SCAN, METADATA = 0xDA, 0xE1  # markers: SOS; APP1, which holds Exif and XMP
SCALES = (8, 4, 2, 1)  # what libjpeg has fast code for
MEANS = 8  # the scale at which a block becomes one pixel
# Real files have about ten; each more would cost as much as the whole picture, and hardly a byte.
MOST_SCANS = 100
MOST_SEGMENTS, MOST_JUNK = 1000, 64 * 1024  # bytes
FILLERS = (0x00, 0xFF)


@dataclass(frozen=True)
class UsualJpeg:
    """`pixels`: uint8 [rows, columns, 3], or [rows, columns] where grey was asked for, as they lie in the
    file; `width` and `height` are the file's own. `has_metadata`: it may say which side is up."""

    pixels: NDArray[np.uint8]
    width: int
    height: int
    has_metadata: bool


def wears_out(data: bytes) -> bool:
    """Whether `data` is a JPEG that is made to take long: its pixels are gone over again and again, or
    there is no end of what stands before them."""
    if not data.startswith(START):
        return False
    return data.count(bytes((0xFF, SCAN))) > MOST_SCANS or _has_no_end_of_head(data)


def _has_no_end_of_head(data: bytes) -> bool:
    """Pillow looks at each segment before the pixels, and at each byte that belongs to none."""
    at, segments, junk = 2, 0, 0
    while at < len(data) - 3 and data[at + 1] != SCAN and segments < MOST_SEGMENTS and junk < MOST_JUNK:
        if data[at] == 0xFF and data[at + 1] not in FILLERS:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            segments += 1
        else:
            following = NEXT_MARKER.search(data, at, at + MOST_JUNK)
            junk += following.start() - at if following else MOST_JUNK
            at = following.start() if following else len(data)
    return segments >= MOST_SEGMENTS or junk >= MOST_JUNK


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
