"""Rows of the database, and of segments that there are, into a segment."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.gallery.cells import sort_rows
from backend.gallery.index import NO_LABEL, Part
from backend.gallery.quantised import quantise, restore
from backend.gallery.scanning import COMPARED_ALL
from backend.gallery.segment import (
    NAMES,
    SPLITS,
    Columns,
    content_bits,
    microseconds,
    shown_bits,
    write_segment,
)
from backend.gallery.sketches import are_worth, sketch
from databases.gallery_rows import GalleryRow
from databases.soundness import are_sound

AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Source:
    """The rows with these `numbers` [n] of others that have `columns` and `codes` int8 [others, size]."""

    columns: Columns
    codes: NDArray[np.int8]
    numbers: NDArray[np.int64]


class Loose:
    """Rows of one or more sources, not in their order yet."""

    def __init__(self, sources: Sequence[Source], size: int) -> None:
        tables = [source.columns.table[:, source.numbers] for source in sources]
        self.columns = Columns(np.concatenate([np.empty((len(NAMES), 0), np.int64), *tables], axis=1))
        self.size, self._sources = size, tuple(sources)
        self._ends = np.cumsum([len(source.numbers) for source in sources])

    def __len__(self) -> int:
        return len(self.columns)

    def codes(self, rows: NDArray[np.int64]) -> NDArray[np.int8]:
        """Codes int8 [rows, size]."""
        gathered = np.empty((len(rows), self.size), np.int8)
        whose = np.searchsorted(self._ends, rows, side="right")
        for number, source in enumerate(self._sources):
            where = np.flatnonzero(whose == number)
            first = int(self._ends[number]) - len(source.numbers)
            gathered[where] = source.codes[source.numbers[rows[where] - first]]
        return gathered

    def with_parts(self, parts: Sequence[Part]) -> "Loose":
        """These rows and what is live in `parts`."""
        taken = (
            Source(part.segment.columns, part.segment.codes, np.flatnonzero(part.live)) for part in parts
        )
        return Loose([*self._sources, *taken], self.size)


def read_loose(
    rows: Iterable[GalleryRow], labels: dict[str, int], size: int, folder: Path
) -> tuple[Loose, list[int]]:
    """Rows with codes of their vectors, which lie in a nameless file in `folder`; and the ids of those that
    are left out, as their vectors cannot be searched. A new label gets the next number in `labels`."""
    tables = [np.empty((len(NAMES), 0), np.int64)]
    left_out: list[int] = []
    with tempfile.TemporaryFile(dir=folder) as spool:
        iterator = iter(rows)
        while some := list(islice(iterator, AT_ONCE)):
            sound, vectors = _sound(some, size)
            left_out += sorted({row.image_id for row in some} - {row.image_id for row in sound})
            quantised = quantise(vectors)
            known = [_known(row, labels) for row in sound]
            bits = (quantised.scales.view(np.int64), quantised.errors.view(np.int64))
            tables.append(np.concatenate([np.array(known, np.int64).reshape(-1, len(NAMES) - 2).T, bits]))
            spool.write(quantised.codes.tobytes())
        spool.flush()
        count = sum(table.shape[1] for table in tables)
        # The file is there as long as it is mapped, whatever ends first.
        codes = np.memmap(spool, np.int8, "r", shape=(count, size)) if count else np.empty((0, size), np.int8)
    columns = Columns(np.concatenate(tables, axis=1))
    return Loose([Source(columns, np.asarray(codes), np.arange(count))], size), left_out


def build_segment(folder: Path, rows: Loose) -> None:
    """Sorts rows and writes them as a segment."""
    order, cells = sort_rows(rows.columns, rows.codes, rows.size)
    columns = Columns(np.ascontiguousarray(rows.columns.table[:, order]))

    def vectors(some: NDArray[np.int64]) -> NDArray[np.float32]:
        return restore(rows.codes(order[some]), columns.scale[some])

    # Of more than are all compared only the nearest cells are read.
    worth = len(columns) <= COMPARED_ALL and are_worth(len(columns), rows.size)
    sketches = sketch(vectors, columns.error) if worth else None
    write_segment(folder, columns, cells, rows.size, lambda some: rows.codes(order[some]), sketches)


def _sound(rows: Sequence[GalleryRow], size: int) -> tuple[list[GalleryRow], NDArray[np.float32]]:
    """The rows whose vectors can be searched, and these float32 [rows, size]."""
    rows = [row for row in rows if len(row.vector) == 4 * size]
    vectors = np.frombuffer(b"".join(row.vector for row in rows), "<f4").reshape(len(rows), size)
    sound = are_sound(vectors)
    if sound.all():
        return rows, vectors
    return [rows[number] for number in np.flatnonzero(sound)], vectors[sound]


def _known(row: GalleryRow, labels: dict[str, int]) -> tuple[int, ...]:
    label = NO_LABEL if row.label is None else labels.setdefault(row.label, len(labels) + 1)
    return (
        row.image_id,
        content_bits(row.sha256),
        shown_bits(row.sha256, row.duplicate_group),
        label,
        SPLITS.index(row.split),
        row.root_id,
        microseconds(row.ingested_at),
    )
