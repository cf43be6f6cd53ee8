"""Tables, and the places in a document that hold them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SECONDS = ((86_400 * 365, "years"), (86_400, "days"), (3600, "hours"), (60, "min"), (1, "s"))
BYTES = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "bytes"))


@dataclass(frozen=True)
class Table:
    """Rows of cells under a heading; the first column is what the others tell of."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        ruler = ["---"] * len(self.heading)
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.heading, ruler, *self.rows))


def with_tables(document: str, tables: Mapping[str, Table]) -> str:
    """The document with each table between `<!-- NAME -->` and `<!-- end -->` put in anew.

    Raises:
        ValueError: it has no place for one, or a place for one that there is not.
    """
    places = re.findall(r"<!-- ([a-z-]+) -->\n.*?<!-- end -->", document, re.DOTALL)
    if sorted(places) != sorted(tables):
        raise ValueError(f"the document has places for {sorted(places)}, the tables are {sorted(tables)}")
    for name, table in tables.items():
        place = re.compile(rf"<!-- {name} -->\n.*?<!-- end -->", re.DOTALL)
        text = f"<!-- {name} -->\n{table}\n<!-- end -->"
        document = place.sub(lambda _, text=text: text, document)  # type: ignore[misc]
    return document


def number(value: float, digits: int = 2) -> str:
    """So many digits that count, with commas between thousands."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 10 ** (digits - 1):
        return f"{rounded:,.0f}"
    return f"{rounded:.{digits}g}"


def count(pictures: int) -> str:
    """A power of ten, as people say it."""
    return f"10^{len(str(pictures)) - 1}"


def size(value: float) -> str:
    """Of bytes."""
    return _in(value, BYTES)


def duration(value: float) -> str:
    """Of seconds."""
    if value < 1:
        return f"{number(1000 * value)} ms"
    return _in(value, SECONDS)


def percent(share: float) -> str:
    return "0" if share == 0 else f"{number(100 * share)} %"


def _in(value: float, units: Sequence[tuple[float, str]]) -> str:
    unit, name = next(((unit, name) for unit, name in units if value >= unit), units[-1])
    return f"{number(value / unit)} {name}"
