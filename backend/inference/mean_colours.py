"""The mean colours of a progressive JPEG's blocks, without the room for all that blocks can hold besides.

A decoder of progressive JPEG keeps 64 numbers for each block of 8 x 8 pixels until the last scan has come: 73
MB for 24 megapixels, which takes as long to page in as an eighth of the size takes to decode. But means are
coded as the samples of a lossless JPEG are, by category and bits of their differences (ITU-T T.81, F.1.2.1
and H.1.2.2): under such a header libjpeg-turbo reads them with no room but for the result. There each is
taken for a difference from another one, which is undone here, and eight bits of it are kept, which is enough
but for the finest quantisation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise, takewhile

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from backend.inference.jpeg_frame import Component, Frame, read_frame
from backend.inference.jpeg_segments import (
    END,
    PROGRESSIVE,
    RESTARTS,
    SCAN,
    START,
    TABLE,
    Segment,
    segment_of,
    segments_of,
)

LOSSLESS, QUANTISATION = 0xC3, 0xDB  # SOF3, DQT
MEANS = b"\0\0"  # a scan from the first coefficient to the first
EIGHT_BITS, MIDDLE = 8, 128
NAMES = b"RGB"  # of components that no decoder turns into other colours
# Means lie in a range of 2048. Eight bits hold 256 such steps: a fifth is for encoders that overshoot.
LEAST_STEP = 10


@dataclass(frozen=True)
class Scan:
    """Its `header` (SOS) and codes."""

    header: bytes
    codes: bytes

    @property
    def components(self) -> bytes:
        return self.header[1:-3:2]

    @property
    def known_from(self) -> int:
        """The lowest bit of the means that is known with it; `header[-1] >> 4` is that before, or 0."""
        return self.header[-1] & 15


@dataclass(frozen=True)
class Means:
    """`steps`: of quantisation, by component. `tables`: what the first scan is coded by (DHT). `scans`: at
    least one."""

    frame: Frame
    steps: tuple[int, ...]
    tables: tuple[bytes, ...]
    scans: tuple[Scan, ...]

    @property
    def is_usual(self) -> bool:
        """Whether each scan tells of all components, the later ones a bit more of each mean, and eight bits
        are enough for the first."""
        frame, first = self.frame, self.scans[0]
        names = bytes(one.identifier for one in frame.components)
        in_turn = all(
            scan.header[-1] == before.known_from << 4 | before.known_from - 1
            for before, scan in pairwise(self.scans)
        )
        return (
            frame.precision == EIGHT_BITS
            and len(names) in (1, len(NAMES))
            and all(scan.header[:1] == bytes((len(names),)) for scan in self.scans)
            and all(scan.components == names for scan in self.scans)
            and not first.header[-1] >> 4
            and in_turn
            and all(frame.across % one.across == 0 == frame.down % one.down for one in frame.components)
            and all(step << first.known_from >= LEAST_STEP for step in self.steps)
        )


def mean_colours(data: bytes) -> tuple[NDArray[np.uint8], ...] | None:
    """An eighth of a progressive JPEG: uint8 [rows, columns] for each component. None where `data` is no such
    JPEG, or must be read as others are: of high quality, with restarts, or not as encoders write them.

    Raises:
        ValueError: it is damaged.
    """
    means = _read(data)
    if means is None or not means.is_usual:
        return None
    frame, (first, *others) = means.frame, means.scans
    samples = simplejpeg.decode_jpeg(_lossless(means), "RGB" if len(frame.components) > 1 else "GRAY")
    values = [
        _summed(samples[:: frame.down // one.down, :: frame.across // one.across, number], frame, one)
        << first.known_from
        for number, one in enumerate(frame.components)
    ]
    for scan in others:
        for value, bits in zip(values, _bits(scan, frame), strict=True):
            value |= bits << scan.known_from
    return tuple(
        _plane(value, step, frame, one)
        for value, step, one in zip(values, means.steps, frame.components, strict=True)
    )


def _read(data: bytes) -> Means | None:
    segments = tuple(segments_of(data))
    before = tuple(takewhile(lambda segment: segment.marker != SCAN, segments))
    is_whole = segments[-1:] != () and segments[-1].marker == END
    frames = _contents(data, before, PROGRESSIVE)
    if not is_whole or len(frames) != 1 or len(_contents(data, segments, PROGRESSIVE)) != 1:
        return None
    frame, scans = read_frame(frames[0]), _scans(data, segments)
    if frame is None or not scans or any(map(any, _contents(data, segments, RESTARTS))):
        return None
    # What comes between scans is of none of the means: all of their components are in the first one.
    steps = dict(chain(*map(_steps, _contents(data, before, QUANTISATION))))
    quantised = tuple(steps.get(one.table, 0) for one in frame.components)
    return Means(frame, quantised, tuple(_contents(data, before, TABLE)), scans)


def _contents(data: bytes, segments: Iterable[Segment], marker: int) -> list[bytes]:
    return [data[one.start + 4 : one.coded] for one in segments if one.marker == marker]


def _scans(data: bytes, segments: Iterable[Segment]) -> tuple[Scan, ...]:
    """Those of the means."""
    scans = [one for one in segments if one.marker == SCAN and data[one.coded - 3 : one.coded - 1] == MEANS]
    return tuple(Scan(data[one.start + 4 : one.coded], data[one.coded : one.end]) for one in scans)


def _steps(content: bytes) -> Iterator[tuple[int, int]]:
    """Of quantising means, by the table's number (B.2.4.1)."""
    at = 0
    while at + 2 < len(content):
        size = 2 if content[at] >> 4 else 1
        yield content[at] & 15, int.from_bytes(content[at + 1 : at + 1 + size], "big")
        at += 1 + 64 * size


def _lossless(means: Means) -> bytes:
    """The first scan as a JPEG of which each block is a sample, those that pad the units too."""
    frame, scan = means.frame, means.scans[0]
    size = (frame.rows * frame.down).to_bytes(2, "big") + (frame.columns * frame.across).to_bytes(2, "big")
    names = NAMES[: len(frame.components)]
    fields = [
        bytes((name, one.across << 4 | one.down, 0))
        for name, one in zip(names, frame.components, strict=True)
    ]
    header = bytes((EIGHT_BITS,)) + size + bytes((len(names),)) + b"".join(fields)
    chosen = [bytes((name, table & 0xF0)) for name, table in zip(names, scan.header[2:-3:2], strict=True)]
    from_the_left = b"\x01\0\0"
    return b"".join(
        (
            START[:2],
            segment_of(LOSSLESS, header),
            *(segment_of(TABLE, table) for table in means.tables),
            segment_of(SCAN, bytes((len(names),)) + b"".join(chosen) + from_the_left),
            scan.codes,
            bytes((0xFF, END)),
        )
    )


def _summed(samples: NDArray[np.uint8], frame: Frame, one: Component) -> NDArray[np.int16]:
    """The means in the order of their codes, [units, blocks of a unit]: each is told by its difference from
    the one before, and was taken to differ from its left neighbour, or in the first column the upper one."""
    differences = np.empty_like(samples)
    np.subtract(samples[:, 1:], samples[:, :-1], out=differences[:, 1:])
    np.subtract(samples[1:, 0], samples[:-1, 0], out=differences[1:, 0])
    differences[0, 0] = samples[0, 0] ^ MIDDLE  # from the middle of the range: 128 less, in eight bits
    units = differences.reshape(frame.rows, one.down, frame.columns, one.across).transpose(0, 2, 1, 3)
    in_order = np.cumsum(units, dtype=np.uint8).view(np.int8).astype(np.int16)
    return in_order.reshape(-1, one.across * one.down)


def _bits(scan: Scan, frame: Frame) -> Iterator[NDArray[np.int16]]:
    """The next bit of each mean, in the same order: they stand there as they are (G.1.2.1.1)."""
    sizes = [one.across * one.down for one in frame.components]
    count = frame.rows * frame.columns * sum(sizes)
    codes = np.frombuffer(scan.codes.replace(b"\xff\0", b"\xff"), np.uint8)
    if len(codes) != -(-count // 8):
        raise ValueError("a scan of bits is too long or too short")
    bits = np.unpackbits(codes, count=count).reshape(-1, sum(sizes)).astype(np.int16)
    yield from np.split(bits, np.cumsum(sizes)[:-1], axis=1)


def _plane(means: NDArray[np.int16], step: int, frame: Frame, one: Component) -> NDArray[np.uint8]:
    """A pixel for each block of the component that has most."""
    levels = (means.astype(np.int32) * step + 4 >> 3) + MIDDLE  # as libjpeg rounds
    blocks = levels.clip(0, 255).astype(np.uint8).reshape(frame.rows, frame.columns, one.down, one.across)
    plane = blocks.transpose(0, 2, 1, 3).reshape(frame.rows * one.down, frame.columns * one.across)
    plane = plane.repeat(frame.down // one.down, 0).repeat(frame.across // one.across, 1)
    return plane[: -(-frame.height // 8), : -(-frame.width // 8)]
