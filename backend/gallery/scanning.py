"""Which rows of an index are near a query, by their codes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.gallery.index import Index, Rows
from backend.gallery.narrowing import narrowed
from backend.gallery.quantised import Quantised, dots, farthest_off, quantise, restore
from backend.gallery.segment import Name, Segment

# Of a gallery with no more pictures all that pass a filter are compared, so that nothing near is missed.
COMPARED_ALL = 200_000
# Of a larger one, the cells nearest to the query are read, until so many rows, and as many times those asked
# for; that is all where fewer pass the filter.
PROBED, PROBED_TIMES = 20_480, 8
# Below so many rows a second thread costs more than it helps.
WORTH_THREADS = 32_768
# Where one row in so many is meant, reading all is as fast as picking these out.
WORTH_READING_ALL = 4
# Runs of fewer rows are faster copied together than compared one by one.
WORTH_A_RUN = 64
AT_ONCE = 4096


@dataclass(frozen=True)
class Scanned:
    """Pictures near a query: `similarity` [n] is about their cosine, and at most `off` [n] from it. Each is a
    `row` of a `segment`, by its place among `segments`. `left_out`: what was left out by its sketch is
    farther than that: out of the question once as many as were asked for are as near."""

    segments: tuple[Segment, ...]
    segment: NDArray[np.int64]
    row: NDArray[np.int64]
    similarity: NDArray[np.float64]
    off: NDArray[np.float64]
    left_out: float = -np.inf

    def __len__(self) -> int:
        return len(self.row)

    @property
    def image_id(self) -> NDArray[np.int64]:
        return self._column("image_id")

    @property
    def content(self) -> NDArray[np.int64]:
        return self._column("content")

    @property
    def shown(self) -> NDArray[np.int64]:
        return self._column("shown")

    def highest(self, values: NDArray[np.float64], n: int) -> tuple["Scanned", "Scanned"]:
        """The n with the highest of `values` [n], and the rest."""
        if n >= len(self):
            return self, self._take(np.empty(0, np.intp))
        order = np.argpartition(-values, n)
        return self._take(order[:n]), self._take(order[n:])

    def above(self, least: float) -> "Scanned":
        """Those whose cosine may be as high as `least`."""
        return self._take(np.flatnonzero(self.similarity + self.off >= least))

    def refined(self, embedding: NDArray[np.float32]) -> "Scanned":
        """The same with the query as it is, and only the others by their codes."""
        similarity, off = np.empty(len(self)), np.empty(len(self))
        for number, segment in enumerate(self.segments):
            mine = np.flatnonzero(self.segment == number)
            for some in np.array_split(mine, len(mine) // AT_ONCE + 1):
                rows = self.row[some]
                vectors = restore(segment.codes[rows], segment.columns.scale[rows])
                similarity[some], off[some] = vectors @ embedding, segment.columns.error[rows]
        return replace(self, similarity=similarity, off=off)

    def _take(self, which: NDArray[np.intp]) -> "Scanned":
        return replace(
            self,
            segment=self.segment[which],
            row=self.row[which],
            similarity=self.similarity[which],
            off=self.off[which],
        )

    def _column(self, name: Name) -> NDArray[np.int64]:
        column = np.empty(len(self), np.int64)
        for number, segment in enumerate(self.segments):
            mine = self.segment == number
            column[mine] = segment.columns[name][self.row[mine]]
        return column


def scan(
    index: Index,
    selected: Sequence[Rows],
    embedding: NDArray[np.float32],
    n: int,
    threads: int,
    *,
    sketched: bool = True,
) -> Scanned:
    """The pictures among which the n nearest to `embedding` float32 [embedding_size] are: all that are
    selected, but for what is too far by its sketch, unless not `sketched`; or of a very large gallery, those
    of the nearest cells."""
    query = quantise(embedding[None])
    selected = [rows for rows in selected if rows.kept.any()]
    enough = max(PROBED, PROBED_TIMES * n)
    left_out = -np.inf
    if sketched and len(index) <= COMPARED_ALL:
        nearer = [narrowed(rows, embedding, n) for rows in selected]
        selected = [rows for rows, _ in nearer]
        left_out = max((least for _, least in nearer), default=-np.inf)
    if len(index) <= COMPARED_ALL or sum(np.count_nonzero(rows.kept) for rows in selected) <= enough:
        reads = [read for rows in selected for read in _all(rows)]
    else:
        reads = list(_near_cells(selected, query, enough))
    segments = tuple(dict.fromkeys(read.segment for read in reads))
    none, nowhere = np.empty(0, np.int64), np.empty(0)
    found: list[tuple[NDArray[Any], ...]] = [(none, none, nowhere, nowhere)]
    for read in reads:
        rows, similarity, off = read.compare(query, threads)
        found.append((np.full(len(rows), segments.index(read.segment)), rows, similarity, off))
    columns: list[Any] = [np.concatenate(column) for column in zip(*found, strict=True)]
    return replace(Scanned(segments, *columns), left_out=left_out)


def _near_cells(selected: Sequence[Rows], query: Quantised, enough: int) -> Iterator["Read"]:
    """The rows of the cells nearest to the query until they are `enough`."""
    runs = [_runs(rows) for rows in selected]
    # What was not worth cells, such as what was added lately, is read whole, and in the place of nothing.
    nearness = [rows.part.segment.cells.nearness(query) for rows in selected]
    counts = [
        np.bincount(run.cell, run.count, minlength=len(near)) * np.isfinite(near)
        for run, near in zip(runs, nearness, strict=True)
    ]
    order = np.argsort(-np.concatenate(nearness), kind="stable")
    before = np.cumsum(np.concatenate(counts)[order])
    chosen = np.zeros(len(order), np.bool_)
    chosen[order[: int(np.searchsorted(before, enough)) + 1]] = True
    first = 0
    for rows, run, near in zip(selected, runs, nearness, strict=True):
        wanted = chosen[first : first + len(near)][run.cell] & (run.count > 0)
        first += len(near)
        yield from _read_runs(rows, run.start[wanted], run.stop[wanted])


@dataclass(frozen=True)
class Runs:
    """Rows that lie together, from `start` to `stop`, of one `cell` each, and the `count` of those meant."""

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    cell: NDArray[np.int64]
    count: NDArray[np.int64]


def _runs(rows: Rows) -> Runs:
    cells = rows.part.segment.cells
    first, last = np.searchsorted(cells.start, [rows.start, rows.stop])
    start, stop = cells.start[first:last], cells.start[first + 1 : last + 1]
    count = stop - start
    if not rows.kept.all():
        count = np.add.reduceat(rows.kept, start - rows.start, dtype=np.int64)
    return Runs(start, stop, cells.cell[first:last], count)


def _read_runs(rows: Rows, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Iterator["Read"]:
    """The rows meant of some runs: where these are long they are read where they lie."""
    if not len(start):
        return
    begins = np.insert(start[1:] != stop[:-1], 0, True)  # of runs that follow one another one is made
    start, stop = start[begins], stop[np.append(begins[1:], True)]
    lengths = stop - start
    ends = np.cumsum(lengths)
    numbers = np.arange(ends[-1]) + np.repeat(start - (ends - lengths), lengths)
    kept = rows.kept[numbers - rows.start]
    if lengths.sum() >= WORTH_A_RUN * len(start):
        runs = tuple(slice(one, end) for one, end in zip(start.tolist(), stop.tolist(), strict=True))
        yield Read(rows.part.segment, numbers, runs, None if kept.all() else kept)
    else:
        yield Read(rows.part.segment, numbers[kept], None, None)


def _all(rows: Rows) -> Iterator["Read"]:
    """Those meant: few are picked out, of many the others are read too."""
    count = np.count_nonzero(rows.kept)
    if count * WORTH_READING_ALL >= len(rows.kept):
        whole = slice(rows.start, rows.stop)
        yield Read(rows.part.segment, np.arange(rows.start, rows.stop), (whole,), rows.kept)
    else:
        yield Read(rows.part.segment, rows.numbers, None, None)


@dataclass(frozen=True)
class Read:
    """Rows of a segment to compare, by their `numbers` [n]; the `runs` that these are, None where they are
    picked out one by one; and which of them are meant: None, all."""

    segment: Segment
    numbers: NDArray[np.int64]
    runs: tuple[slice, ...] | None
    kept: NDArray[np.bool_] | None

    def compare(
        self, query: Quantised, threads: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Of those meant: the rows' numbers, about how similar they are, and how far off that may be."""
        columns, numbers = self.segment.columns, self.numbers
        rough = np.concatenate([self._dots(query, run, threads) for run in self.runs or (numbers,)])
        if self.kept is not None:
            numbers, rough = numbers[self.kept], rough[self.kept]
        similarity = rough * columns.scale[numbers] * query.scales[0]
        return numbers, similarity, farthest_off(query, columns.error[numbers])

    def _dots(self, query: Quantised, rows: slice | NDArray[np.int64], threads: int) -> NDArray[np.float64]:
        codes = self.segment.codes[rows]
        return dots(query.codes[0], codes, threads if len(codes) >= WORTH_THREADS else 1)
