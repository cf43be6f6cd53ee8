"""The eighth of a progressive JPEG, from the little of it that an eighth is made of.

Such a file holds the mean colours of its blocks of 8 x 8 pixels in scans of their own, about a tenth of its
bytes. A decoder that is asked for an eighth of the size reads all the other scans too, and has next to no use
for them.
"""

import math
from dataclasses import dataclass

from backend.inference.jpeg_segments import END, PROGRESSIVE, RESTARTS, SCAN, TABLE, segments_of

FRAMES = (0xC0, 0xC1, 0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))  # of other kinds
FIRST = b"\0"  # a scan from the first coefficient on has only that one: the mean
LONGEST_RUN = 14  # 2**14 blocks and more that end at once (ITU-T T.81, G.1.2.2)


@dataclass(frozen=True)
class Component:
    """Its identifier, and how many blocks it has without those that pad it."""

    identifier: int
    blocks: int


def without_details(data: bytes) -> bytes | None:
    """The progressive JPEG `data` with nothing but the mean colours of its blocks; None where it is no such
    JPEG, or is cut short.

    Its eighth is that of `data` in brightness; its colours, which are mostly kept at half the size, are as
    coarse as the blocks. The details are given as zeros, not left out: a decoder would guess those that it
    never heard of.
    """
    kept, components = [data[:2]], list[Component]()
    for segment in segments_of(data):
        content, whole = data[segment.start + 4 : segment.coded], data[segment.start : segment.end]
        if segment.marker == END:
            return b"".join((*kept, *_zeros(components), whole)) if components else None
        if segment.marker in FRAMES:
            return None
        if segment.marker == PROGRESSIVE:
            components = _components(content)
        if segment.marker != SCAN or content[-3:-2] == FIRST:
            kept.append(whole)
    return None


def _components(frame: bytes) -> list[Component]:
    """Of a frame header (ITU-T T.81, B.2.2); none where it is malformed."""
    fields = [frame[at : at + 3] for at in range(6, len(frame), 3)]
    factors = [(field[1] >> 4, field[1] & 15) for field in fields if len(field) == 3]
    if len(factors) != len(fields) or not fields or not all(map(all, factors)):
        return []
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    widest, tallest = (max(factor) for factor in zip(*factors, strict=True))
    return [
        Component(field[0], _blocks(width * across, widest) * _blocks(height * down, tallest))
        for field, (across, down) in zip(fields, factors, strict=True)
    ]


def _blocks(scaled: int, most: int) -> int:
    return math.ceil(math.ceil(scaled / most) / 8)


def _zeros(components: list[Component]) -> list[bytes]:
    """A scan for each component that says: no details in any block. One code of four bits for each power of
    two that a run of such blocks may be as long as."""
    counts = bytes((0, 0, 0, LONGEST_RUN + 1, *[0] * 12))
    table = b"\x10" + counts + bytes(run << 4 for run in range(LONGEST_RUN + 1))
    segments = [_segment(TABLE, table), _segment(RESTARTS, b"\0\0")]
    for component in components:
        header = bytes((1, component.identifier, 0, 1, 63, 0))
        segments += [_segment(SCAN, header), _runs(component.blocks)]
    return segments


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (2 + len(content)).to_bytes(2, "big") + content


def _runs(blocks: int) -> bytes:
    bits = []
    while blocks:
        power = min(LONGEST_RUN, blocks.bit_length() - 1)
        length = min(blocks, 2 ** (power + 1) - 1)
        bits.append(f"{power:04b}" + (f"{length - 2**power:0{power}b}" if power else ""))
        blocks -= length
    joined = "".join(bits)
    joined += "1" * (-len(joined) % 8)
    return int(joined, 2).to_bytes(len(joined) // 8, "big").replace(b"\xff", b"\xff\x00")
