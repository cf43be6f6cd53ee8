"""The eighth of a progressive JPEG, from the little of it that an eighth is made of.

Such a file holds the mean colours of its blocks of 8 x 8 pixels in scans of their own, about a tenth of its
bytes. A decoder that is asked for an eighth of the size reads all the other scans too, and has next to no use
for them.
"""

from collections.abc import Iterable, Sequence

from backend.inference.jpeg_frame import Component, read_frame
from backend.inference.jpeg_segments import END, PROGRESSIVE, RESTARTS, SCAN, TABLE, Segment, segment_of

FRAMES = (0xC0, 0xC1, 0xC3, *range(0xC5, 0xCC), *range(0xCD, 0xD0))  # of other kinds
FIRST = b"\0"  # a scan from the first coefficient on has only that one: the mean
LONGEST_RUN = 14  # 2**14 blocks and more that end at once (ITU-T T.81, G.1.2.2)


def without_details(data: bytes, segments: Iterable[Segment]) -> bytes | None:
    """The progressive JPEG `data`, which consists of `segments`, with nothing but the mean colours of its
    blocks; None where it is no such JPEG, or is cut short.

    Its eighth is that of `data` in brightness; its colours, which are mostly kept at half the size, are as
    coarse as the blocks. The details are given as zeros, not left out: a decoder would guess those that it
    never heard of.
    """
    kept, components = [data[:2]], tuple[Component, ...]()
    for segment in segments:
        content, whole = data[segment.start + 4 : segment.coded], data[segment.start : segment.end]
        if segment.marker == END:
            return b"".join((*kept, *_zeros(components), whole)) if components else None
        if segment.marker in FRAMES:
            return None
        if segment.marker == PROGRESSIVE:
            frame = read_frame(content)
            if (
                frame is None or components
            ):  # a second one: the size that was looked at would not be this one's
                return None
            components = frame.components
        if segment.marker == SCAN and content[-3:-2] == FIRST != content[-2:-1]:
            return None
        if segment.marker != SCAN or content[-3:-2] == FIRST:
            kept.append(whole)
    return None


def _zeros(components: Sequence[Component]) -> list[bytes]:
    """A scan for each component that says: no details in any block. One code of four bits for each power of
    two that a run of such blocks may be as long as."""
    counts = bytes((0, 0, 0, LONGEST_RUN + 1, *[0] * 12))
    table = b"\x10" + counts + bytes(run << 4 for run in range(LONGEST_RUN + 1))
    segments = [segment_of(TABLE, table), segment_of(RESTARTS, b"\0\0")]
    for component in components:
        header = bytes((1, component.identifier, 0, 1, 63, 0))
        segments += [segment_of(SCAN, header), _runs(component.blocks)]
    return segments


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
