"""What a HEIC or AVIF file says of itself, read before a decoder is tried on it.

Their header alone can hide what decoding costs: a picture cropped to 100 x 100 may be coded with a thousand
million pixels. Boxes: ISO/IEC 14496-12, section 4.2; `ispe`, `infe` and derived pictures: ISO/IEC 23008-12.
"""

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

from backend.inference.errors import UnreadableImage

Kind = Literal["AVIF", "HEIF"]

AVIF_BRANDS = (b"avif", b"avis")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis")
GENERAL_BRANDS = (b"mif1", b"msf1")
HEADER = 8
PICTURE_BOXES = (b"meta", b"mdat", b"moov")
# Pictures made of others, whose size stands elsewhere. No camera writes them.
DERIVED_ITEMS = {b"iden", b"iovl"}


class Box(NamedTuple):
    """`start` and `end` are of its content; `end` may lie behind the end of the file."""

    name: bytes
    start: int
    end: int


def kind_of(data: bytes) -> Kind | None:
    """Which of the two a file says it is, None where it is neither."""
    if data[4:8] != b"ftyp":
        return None
    end = min(struct.unpack_from(">I", data)[0], 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    if brands[0] in AVIF_BRANDS or (brands[0] in GENERAL_BRANDS and set(AVIF_BRANDS) & set(brands)):
        return "AVIF"
    return "HEIF" if brands[0] in HEIF_BRANDS + GENERAL_BRANDS else None


def most_pixels(data: bytes) -> int:
    """The pixels of the largest picture in the file, before any of them is cropped.

    Raises:
        UnreadableImage: `truncated_image`, or `corrupt_image` where the boxes make no sense or hide it.
    """
    try:
        top = list(_boxes(data, 0, len(data)))
        if any(box.end > len(data) for box in top if box.name in PICTURE_BOXES):
            raise UnreadableImage("truncated_image", "the picture is cut short: part of the file is missing")
        if {_item_type(data, item) for item in _inside(data, top, b"meta", b"iinf")} & DERIVED_ITEMS:
            raise UnreadableImage("corrupt_image", "the picture is made of others in a way that is not read")
        sizes = [
            _extent(data, box) for box in _inside(data, top, b"meta", b"iprp", b"ipco") if box.name == b"ispe"
        ]
        return max(sizes)
    except (ValueError, IndexError, struct.error):
        raise UnreadableImage("corrupt_image", "the picture is damaged and cannot be decoded") from None


def _inside(data: bytes, boxes: list[Box], *path: bytes) -> list[Box]:
    """The boxes inside those that `path` leads to: of several with one name, inside all."""
    for name in path:
        boxes = [
            inner
            for box in boxes
            if box.name == name
            for inner in _boxes(data, box.start + _before_boxes(data, box), box.end)
        ]
    return boxes


def _before_boxes(data: bytes, box: Box) -> int:
    """How many bytes of a box's content stand before the boxes inside."""
    if box.name == b"iinf":
        return 6 if data[box.start] == 0 else 8
    return 4 if box.name == b"meta" else 0


def _item_type(data: bytes, item: Box) -> bytes:
    # Version 2 has identifiers of two bytes, version 3 of four; then come two of protection.
    at = item.start + (8 if data[item.start] == 2 else 10)
    return data[at : at + 4]


def _extent(data: bytes, ispe: Box) -> int:
    width, height = struct.unpack_from(">II", data, ispe.start + 4)
    return int(width * height)


def _boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    while start + HEADER <= end:
        size, name = struct.unpack_from(">I4s", data, start)
        content = start + HEADER
        if size == 1:
            size = struct.unpack_from(">Q", data, content)[0]
            content += 8
        stop = start + size if size else end
        if stop < content:
            raise ValueError("a box that ends before it begins")
        yield Box(name, content, stop)
        start = stop
