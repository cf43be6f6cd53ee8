"""So much of a long work as a cluster is given at a time."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def windows(chunks: Iterable[list[Item]], batch: int, most: int) -> Iterator[list[list[Item]]]:
    """Chunks in batches of at most `batch`; no further chunk is asked for once a window has `most` items or
    more, until the next window is."""
    window: list[list[Item]] = []
    held = 0
    for chunk in chunks:
        window += [chunk[start : start + batch] for start in range(0, len(chunk), batch)]
        held += len(chunk)
        if held >= most:
            yield window
            window, held = [], 0
    if window:
        yield window
