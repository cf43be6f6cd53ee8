"""Pictures into cells of what is alike: of a large gallery only the near ones are read.

Spherical k-means (Dhillon & Modha 2001) on a sample. To probe the nearest cells is the inverted file's idea
(Jégou et al. 2011, "Product quantization for nearest neighbor search", section IV).
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from backend.gallery.quantised import restore
from backend.gallery.segment import Cells, Columns

# Fewer pictures are all compared, whatever is asked: one cell will do.
WORTH_CELLS = 100_000
ROWS_A_CELL, MOST_CELLS = 512, 1024
SAMPLE_A_CELL, ROUNDS = 32, 6
AT_ONCE = 8192
SEED = 0

Codes = Callable[[NDArray[np.int64]], NDArray[np.int8]]


def sort_rows(columns: Columns, codes: Codes, size: int) -> tuple[NDArray[np.int64], Cells]:
    """The order of the rows [n] by label, cell and id, and the cells over rows in that order.

    `codes` gives those of some rows of `columns`: int8 [rows, size].
    """
    cell, centroids = _cells(columns, codes, size)
    label = columns["label"]
    order = np.lexsort((columns["image_id"], cell, label))
    both = np.stack([label[order], cell[order]])
    first = np.flatnonzero(np.any(np.diff(both, axis=1, prepend=-1), axis=0))
    return order, Cells(both[0, first], both[1, first], np.append(first, len(order)), centroids)


def _cells(columns: Columns, codes: Codes, size: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The cell [n] of each row, and the cells' centroids float32 [cells, size]."""
    count = len(columns)
    if count < WORTH_CELLS:
        return np.zeros(count, np.int64), np.zeros((1, size), np.float32)

    def vectors(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return restore(codes(rows), columns.scale[rows])

    wanted = min(count // ROWS_A_CELL, MOST_CELLS)
    random = np.random.default_rng(SEED)
    sample = vectors(np.sort(random.choice(count, min(count, SAMPLE_A_CELL * wanted), replace=False)))
    centroids = _fit(sample, wanted, random)
    nearest = [np.argmax(vectors(rows) @ centroids.T, axis=1) for rows in _some_rows(count)]
    return np.concatenate(nearest), centroids


def _fit(vectors: NDArray[np.float32], wanted: int, random: np.random.Generator) -> NDArray[np.float32]:
    centroids = vectors[random.choice(len(vectors), wanted, replace=False)]
    for _ in range(ROUNDS):
        used, nearest = np.unique(np.argmax(vectors @ centroids.T, axis=1), return_inverse=True)
        order = np.argsort(nearest, kind="stable")
        starts = np.searchsorted(nearest[order], np.arange(len(used)))
        sums: NDArray[np.float32] = np.add.reduceat(vectors[order], starts, axis=0)
        centroids = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.float32(1e-12))
    return centroids


def _some_rows(count: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, count, AT_ONCE):
        yield np.arange(start, min(start + AT_ONCE, count))
