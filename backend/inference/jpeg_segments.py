"""What a JPEG is made of, as far as a decoder should have to do with it (ITU-T T.81, B.1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

START = b"\xff\xd8\xff"
PROGRESSIVE, TABLE, SCAN, END, RESTARTS, METADATA = 0xC2, 0xC4, 0xDA, 0xD9, 0xDD, 0xE1  # SOF2 ... DRI, APP1
ALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers with nothing behind them
FILLERS = (0x00, 0xFF)
# Behind a scan's codes: a marker that is no restart, where 0xFF 0x00 is but a byte of value 0xFF.
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
# Real files have some twenty segments and ten scans at most. Each more would cost as much as all pixels, or
# some microseconds of Python, and hardly a byte.
MOST_SEGMENTS, MOST_SCANS = 1000, 100
MOST_JUNK = 64 * 1024  # bytes that belong to no segment


class WearsOut(ValueError):
    """The file is made to take long."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Where it lies: from `start`, its content up to `coded`, and what a scan has coded up to `end`."""

    marker: int
    start: int
    coded: int
    end: int


def segments_of(data: bytes) -> Iterator[Segment]:
    """The segments from the first to the end of the image, which is the last one unless `data` is cut short.

    Raises:
        WearsOut: there are more segments, scans or bytes between them than in any real file.
    """
    at, segments, scans, junk = 2, 0, 0, 0
    while at + 2 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker in FILLERS or marker in ALONE:
            following = NEXT_MARKER.search(data, at + 1, at + MOST_JUNK)
            junk += (following.start() if following else len(data)) - at
            if junk > MOST_JUNK:
                raise WearsOut("there is no end of what belongs to no segment")
            at = following.start() if following else len(data)
            continue
        if marker == END:
            yield Segment(END, at, at + 2, at + 2)
            return
        segments, scans = segments + 1, scans + (marker == SCAN)
        if segments > MOST_SEGMENTS or scans > MOST_SCANS:
            raise WearsOut("there is no end of segments")
        segment = _segment(data, marker, at)
        if segment is None:
            return
        yield segment
        at = segment.end


def segment_of(marker: int, content: bytes) -> bytes:
    """The bytes of one."""
    return bytes((0xFF, marker)) + (2 + len(content)).to_bytes(2, "big") + content


def _segment(data: bytes, marker: int, start: int) -> Segment | None:
    coded = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    if marker != SCAN:
        return Segment(marker, start, coded, coded)
    following = NEXT_MARKER.search(data, coded)
    return None if following is None else Segment(marker, start, coded, following.start())


def read_segments(data: bytes) -> tuple[Segment, ...]:
    """All of a JPEG, in one pass over its bytes; none of what is no JPEG.

    Raises:
        WearsOut: it is made to take long: its pixels are gone over again and again, or there is no end of
            what stands between them.
    """
    return tuple(segments_of(data)) if data.startswith(START) else ()
