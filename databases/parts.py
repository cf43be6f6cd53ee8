"""Long lists in parts, each short enough for one statement's parameters."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

MOST = 5000  # parameters of one statement; older SQLite takes 32,766
Value = TypeVar("Value")


def parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in order, at most 5,000 at a time; nothing if there are none."""
    for start in range(0, len(values), MOST):
        yield values[start : start + MOST]
