"""A part of an index: files that are written once, mapped into memory, and shared by all who read them."""

import os
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar, get_args
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from backend.gallery.checksums import is_as_written, write_sums
from backend.gallery.quantised import Quantised, dots
from backend.gallery.sketches import Sketches

CODES, COLUMNS, CELLS = "codes.npy", "columns.npy", "cells.npy"
CENTROIDS, SCALES = "centroids.npy", "scales.npy"
BASIS, SKETCHES, BOUNDS = "basis.npy", "sketches.npy", "bounds.npy"
SPLITS = (None, "train", "val", "test")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITTEN_AT_ONCE = 16 * 1024  # rows
# What NumPy makes of a file that is none of its own: it reads a header as Python's code.
UNREADABLE = (OSError, ValueError, EOFError, LookupError, BadZipFile, tokenize.TokenError)
Name = Literal["image_id", "content", "shown", "label", "split", "root", "ingested", "scale", "error"]
NAMES: tuple[Name, ...] = get_args(Name)


Scalar = TypeVar("Scalar", bound=np.generic)


class BadSegment(Exception):
    """Files that are absent, cut short, not what was written to them, or not ours."""


@dataclass(frozen=True, eq=False)
class Columns:
    """What is known of n pictures: int64 [9, n], of which `scale` and `error` are the bits of float64.

    `content`: 64 bits of the content hash. `shown`: the duplicate group; where there is none, below zero,
    bits of the content hash. `label`: a number that the index has for it, 0 for none. `ingested`:
    microseconds since 1970.
    """

    table: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.table.shape[1])

    def __getitem__(self, name: Name) -> NDArray[np.int64]:
        row: NDArray[np.int64] = self.table[NAMES.index(name)]
        return row

    @property
    def scale(self) -> NDArray[np.float64]:
        return self["scale"].view(np.float64)

    @property
    def error(self) -> NDArray[np.float64]:
        return self["error"].view(np.float64)


@dataclass(frozen=True, eq=False)
class Cells:
    """Runs of rows that lie together because they are alike: run r holds the rows from `start[r]` to
    `start[r + 1]`, which all have one `label` and lie in one `cell`. Runs are in the order of their labels.
    `centroids`: int8 [cells, embedding_size], each times its one of `scales` float64 [cells] of length 1."""

    label: NDArray[np.int64]
    cell: NDArray[np.int64]
    start: NDArray[np.int64]
    centroids: NDArray[np.int8]
    scales: NDArray[np.float64]

    def nearness(self, query: Quantised) -> NDArray[np.float64]:
        """How near each cell is to the one vector of a query; the only one is as near as can be."""
        if len(self.centroids) == 1:
            return np.array([np.inf])
        return dots(query.codes[0], self.centroids, 1) * self.scales

    def of_label(self, label: int) -> slice:
        first, last = np.searchsorted(self.label, [label, label + 1])
        return slice(int(first), int(last))


@dataclass(frozen=True, eq=False)
class Segment:
    """Pictures by label, then by cell. `codes`: int8 [n, embedding_size]. `sketches`: where they are of
    use."""

    name: str
    columns: Columns
    codes: NDArray[np.int8]
    cells: Cells
    sketches: Sketches | None

    def __len__(self) -> int:
        return len(self.columns)


def content_bits(sha256: str) -> int:
    """64 bits of a content hash, as int64: in a gallery of a million, two contents have the same with a
    probability of 3e-8."""
    return int(sha256[:16], 16) - 2**63


def shown_bits(sha256: str, duplicate_group: int | None) -> int:
    """What a picture shows: its group's number, or below zero where it has none."""
    return duplicate_group if duplicate_group is not None else -1 - (int(sha256[:16], 16) >> 1)


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def write_segment(
    folder: Path,
    columns: Columns,
    cells: Cells,
    size: int,
    read: Callable[[slice], NDArray[np.int8]],
    sketches: Sketches | None = None,
) -> None:
    """Writes a segment of `size` dimensions durably; `read` gives the codes of some of the rows."""
    folder.mkdir()
    header = {"descr": "|i1", "fortran_order": False, "shape": (len(columns), size)}
    # Not through a map: where the disk is full, that ends the process.
    with (folder / CODES).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(columns), WRITTEN_AT_ONCE):
            file.write(read(slice(start, min(start + WRITTEN_AT_ONCE, len(columns)))).tobytes())
    np.save(folder / COLUMNS, columns.table)
    np.save(folder / CELLS, np.stack([np.append(cells.label, 0), np.append(cells.cell, 0), cells.start]))
    np.save(folder / CENTROIDS, cells.centroids)
    np.save(folder / SCALES, cells.scales)
    if sketches is not None:
        np.save(folder / BASIS, sketches.basis)
        np.save(folder / SKETCHES, sketches.codes)
        np.save(folder / BOUNDS, sketches.bounds)
    write_sums(folder)
    for path in (*folder.iterdir(), folder):
        make_durable(path)


def open_segment(folder: Path, size: int) -> Segment:
    """Maps a segment's files.

    Raises:
        BadSegment: one is absent, damaged or no such file, or they disagree on how many rows there are.
    """
    try:
        if not is_as_written(folder):
            raise BadSegment(f"{folder}: a file does not hold what was written to it")
        codes, table = _map(folder / CODES, np.int8), _map(folder / COLUMNS, np.int64)
        cells, centroids = _map(folder / CELLS, np.int64), _map(folder / CENTROIDS, np.int8)
        scales, rows = _map(folder / SCALES, np.float64), table.shape[1]
        shapes = codes.shape, cells.shape, table.shape, centroids.shape
        right = shapes == ((rows, size), (3, cells.shape[1]), (len(NAMES), rows), (len(scales), size))
        sketches = _open_sketches(folder) if (folder / BASIS).exists() else None
    except UNREADABLE as error:
        raise BadSegment(f"{folder}: {error}") from error
    if sketches is not None:
        directions = len(sketches.basis)
        shapes_of_sketches = sketches.basis.shape, sketches.codes.shape, sketches.bounds.shape
        right &= shapes_of_sketches == ((directions, size), (rows, directions), (2, rows))
    if not right or (cells[2, 0], cells[2, -1]) != (0, rows):
        raise BadSegment(f"{folder}: the files do not belong together")
    runs = Cells(cells[0, :-1], cells[1, :-1], cells[2], centroids, scales)
    return Segment(folder.name, Columns(table), codes, runs, sketches)


def _open_sketches(folder: Path) -> Sketches:
    return Sketches(
        _map(folder / BASIS, np.float32), _map(folder / SKETCHES, np.int8), _map(folder / BOUNDS, np.float32)
    )


def make_durable(path: Path) -> None:
    """Has the system write a file's content, or a folder's list of files, before anything goes on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _map(path: Path, kind: type[Scalar]) -> NDArray[Scalar]:
    """A plain array over the file: numpy's own class for such is slower at every step."""
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    if mapped.dtype != kind:
        raise BadSegment(f"{path} holds {mapped.dtype}")
    return np.asarray(mapped)
