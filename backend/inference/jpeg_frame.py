"""What a JPEG's frame header says of its components (ITU-T T.81, B.2.2)."""

import math
from dataclasses import dataclass

BLOCK = 8  # pixels
MOST_COMPONENTS = 4  # of a progressive one


@dataclass(frozen=True)
class Component:
    """`across` and `down`: how many blocks of it there are in a unit of interleaved blocks (MCU); `table`: of
    its quantisation; `blocks`: how many it has without those that pad the units."""

    identifier: int
    across: int
    down: int
    table: int
    blocks: int


@dataclass(frozen=True)
class Frame:
    """`width` and `height`: in pixels."""

    precision: int
    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def across(self) -> int:
        """Blocks in a row of a unit, of the component that has most."""
        return max(component.across for component in self.components)

    @property
    def down(self) -> int:
        return max(component.down for component in self.components)

    @property
    def columns(self) -> int:
        """Units in a row."""
        return _blocks(self.width, self.across)

    @property
    def rows(self) -> int:
        return _blocks(self.height, self.down)


def read_frame(header: bytes) -> Frame | None:
    """A progressive JPEG's; None where it is malformed."""
    fields = [header[at : at + 3] for at in range(6, len(header), 3)]
    factors = [(field[1] >> 4, field[1] & 15) for field in fields if len(field) == 3]
    if len(factors) != len(fields) or not 0 < len(fields) <= MOST_COMPONENTS or not all(map(all, factors)):
        return None
    if len(factors) == 1:
        factors = [(1, 1)]  # a unit is a block then, whatever is said
    height, width = int.from_bytes(header[1:3], "big"), int.from_bytes(header[3:5], "big")
    widest, tallest = (max(factor) for factor in zip(*factors, strict=True))
    components = tuple(
        Component(
            field[0],
            across,
            down,
            field[2],
            _blocks(width * across, widest) * _blocks(height * down, tallest),
        )
        for field, (across, down) in zip(fields, factors, strict=True)
    )
    return Frame(header[0], width, height, components)


def _blocks(scaled: int, most: int) -> int:
    return math.ceil(math.ceil(scaled / most) / BLOCK)
