"""An index as it is at one moment: its segments, which rows of them count, and what is read of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backend.gallery.segment import SPLITS, Segment, microseconds
from databases.gallery_rows import Census, Change
from databases.nearest import Among

NO_LABEL = 0


@dataclass(frozen=True, eq=False)
class Part:
    """A segment, and which of its rows `live` bool [n]: the others went, or lie in a later segment."""

    segment: Segment
    live: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a part from `start` to `stop`, the ends of cells, of which those in `kept` bool [stop - start]
    are meant."""

    part: Part
    start: int
    stop: int
    kept: NDArray[np.bool_]

    @property
    def numbers(self) -> NDArray[np.int64]:
        return self.start + np.flatnonzero(self.kept)


def _leave_out(rows: Rows, roots: Collection[int]) -> None:
    """Takes what has no label and lies under one of `roots` out of `rows`, which are all of a part's: they
    begin with those that have none."""
    columns, cells = rows.part.segment.columns, rows.part.segment.cells
    stop = int(cells.start[cells.of_label(NO_LABEL).stop])
    rows.kept[:stop] &= ~np.isin(columns["root"][:stop], list(roots))


@dataclass(frozen=True, eq=False)
class Index:
    """`change`: the latest that was taken up, None of none. `labels`: the number of each label. `left_out`:
    the ids of pictures whose embeddings cannot be searched. Immutable."""

    change: Change | None
    labels: Mapping[str, int]
    parts: tuple[Part, ...]
    left_out: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return self._pictures

    @cached_property
    def _pictures(self) -> int:
        return sum(int(np.count_nonzero(part.live)) for part in self.parts)

    @property
    def census(self) -> Census:
        """What the database had to index."""
        ids = [int(part.segment.columns["image_id"][part.live].sum()) for part in self.parts]
        return Census(len(self) + len(self.left_out), sum(ids) + sum(self.left_out))

    @cached_property
    def label_names(self) -> dict[int, str]:
        return {number: label for label, number in self.labels.items()}

    @cached_property
    def repeated(self) -> dict[Segment, NDArray[np.int64]]:
        """The rows of those pictures that are not the only ones to show what they do, by segment."""
        shown = [part.segment.columns["shown"][part.live] for part in self.parts]
        found, count = np.unique(np.concatenate([np.empty(0, np.int64), *shown]), return_counts=True)
        several = found[count > 1]
        return {
            part.segment: np.flatnonzero(np.isin(part.segment.columns["shown"], several) & part.live)
            for part in self.parts
        }

    def select(
        self, among: Among, roots: Collection[int] | None, own: Collection[int], unnamed: Collection[int] = ()
    ) -> list[Rows]:
        """The rows that pass a filter, of which `roots` are the roots that its source names. Of the roots
        `unnamed`, for filters that ask for no label, those with a label alone."""
        selected = [self._select(part, among, roots, own) for part in self.parts]
        if unnamed:
            for rows in selected:
                _leave_out(rows, unnamed)
        return selected

    def _select(self, part: Part, among: Among, roots: Collection[int] | None, own: Collection[int]) -> Rows:
        columns, cells = part.segment.columns, part.segment.cells
        start, stop = 0, len(part.segment)
        if among.label is not None:
            of_label = cells.of_label(self.labels.get(among.label, -1))
            start, stop = int(cells.start[of_label.start]), int(cells.start[of_label.stop])
        elif among.labelled:
            start = int(cells.start[cells.of_label(NO_LABEL).stop])
        kept = part.live[start:stop].copy()
        if among.split is not None:
            kept &= columns["split"][start:stop] == SPLITS.index(among.split)
        if roots is not None:
            kept &= np.isin(columns["root"][start:stop], list(roots))
        if among.since is not None:
            kept &= columns["ingested"][start:stop] >= microseconds(among.since)
        if among.before is not None:
            kept &= columns["ingested"][start:stop] < microseconds(among.before)
        if own:
            kept &= ~np.isin(columns["shown"][start:stop], list(own))
        return Rows(part, start, stop, kept)

    def count_different(self, selected: Sequence[Rows]) -> int:
        """How many different things the pictures show."""
        shown = np.concatenate([np.empty(0, np.int64), *self._repeats(selected)])
        return sum(int(np.count_nonzero(rows.kept)) for rows in selected) - len(shown) + len(np.unique(shown))

    def count_alike(self, selected: Sequence[Rows], shown: Collection[int]) -> dict[int, int]:
        """How many of the pictures show each of these, where it is more than one."""
        asked = np.array(sorted(shown), np.int64)
        counts = np.zeros(len(asked), np.int64)
        for among in self._repeats(selected):
            where = np.searchsorted(asked, among[np.isin(among, asked)])
            counts += np.bincount(where, minlength=len(asked))
        return {one: count for one, count in zip(asked.tolist(), counts.tolist(), strict=True) if count}

    def _repeats(self, selected: Sequence[Rows]) -> Iterator[NDArray[np.int64]]:
        """What those of the pictures show that are not the only ones in the gallery to show it."""
        for rows in selected:
            several = self.repeated[rows.part.segment]
            first, last = np.searchsorted(several, [rows.start, rows.stop])
            several = several[first:last]
            yield rows.part.segment.columns["shown"][several[rows.kept[several - rows.start]]]
