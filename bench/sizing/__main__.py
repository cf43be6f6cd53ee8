"""What docs/scaling.md computes from, as far as no other benchmark measures it.

MENAGERIE_DATA=... python -m bench.sizing [asking] [writing] [galleries] [library]

Costs are time of a core, which other programs make half as long again at most; leave the machine alone. Where
time by the clock is told, rounds in which others took more than a tenth of the machine are measured again.
Needs wrk, and half an hour at most.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.load import check_tools
from bench.report import Row, measure
from bench.sizing import asking, galleries, library, writing
from bench.trials import Place


def _asking(data: Path, temporary: Path) -> Iterator[Row]:
    check_tools()
    place = Place(temporary / "starter")
    place.menagerie("starter")
    yield from asking.rows(place, data, temporary)


PARTS: dict[str, Callable[[Path, Path], Iterator[Row]]] = {
    "asking": _asking,
    "writing": lambda _, temporary: writing.rows(temporary),
    "galleries": lambda _, temporary: galleries.rows(temporary),
    "library": library.rows,
}


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    for part in sys.argv[1:] or PARTS:
        yield from PARTS[part](data, temporary)


if __name__ == "__main__":
    measure("sizing", _rows)
