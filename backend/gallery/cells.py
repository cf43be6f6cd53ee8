"""Pictures into cells of what is alike: of a large gallery only the near ones are read.

Spherical k-means (Dhillon & Modha 2001) on a sample. To probe the nearest cells is the inverted file's idea
(Jégou et al. 2011, "Product quantization for nearest neighbor search", section IV).
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from backend.gallery.directions import principal
from backend.gallery.quantised import Quantised, quantise, restore
from backend.gallery.segment import Cells, Columns

# Of fewer pictures, such as were added lately, all are read: one cell will do.
WORTH_CELLS = 32_768
ROWS_A_CELL, MOST_CELLS = 256, 4096
SAMPLE_A_CELL, ROUNDS = 32, 6
# By measurement: where 16,384 pictures of a label of 50,000 are read, 0.989 of the nearest are among them if
# cells are told by 128 directions, 0.997 if by 512, 0.9995 if by all 1,280, in three times the time.
DIRECTIONS = 512
AT_ONCE = 8192
SEED = 0

Scalar = TypeVar("Scalar", bound=np.generic)
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
    return order, Cells(
        both[0, first], both[1, first], np.append(first, len(order)), centroids.codes, centroids.scales
    )


def _cells(columns: Columns, codes: Codes, size: int) -> tuple[NDArray[np.int64], Quantised]:
    """The cell [n] of each row, and the cells' centroids."""
    count = len(columns)
    if count < WORTH_CELLS:
        return np.zeros(count, np.int64), quantise(np.zeros((1, size), np.float32))

    def vectors(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return restore(codes(rows), columns.scale[rows])

    basis = principal(vectors, count, DIRECTIONS)
    wanted = min(count // ROWS_A_CELL, MOST_CELLS)
    random = np.random.default_rng(SEED)
    sampled = np.sort(random.choice(count, min(count, SAMPLE_A_CELL * wanted), replace=False))
    sample = np.concatenate([vectors(rows) @ basis.T for rows in _some(sampled)])
    centroids = _fit(sample, wanted, random)
    every = _some(np.arange(count))
    cell = np.concatenate([_nearest(vectors(rows) @ basis.T, centroids) for rows in every])
    return cell, quantise(centroids @ basis)


def _fit(vectors: NDArray[np.float32], wanted: int, random: np.random.Generator) -> NDArray[np.float32]:
    centroids = _of_length_1(vectors[random.choice(len(vectors), wanted, replace=False)])
    for _ in range(ROUNDS):
        found = np.concatenate([_nearest(some, centroids) for some in _some(vectors)])
        used, nearest = np.unique(found, return_inverse=True)
        order = np.argsort(nearest, kind="stable")
        starts = np.searchsorted(nearest[order], np.arange(len(used)))
        centroids = _of_length_1(np.add.reduceat(vectors[order], starts, axis=0))
    return centroids


def _of_length_1(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = vectors / np.maximum(
        np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12)
    )
    return scaled


def _nearest(vectors: NDArray[np.float32], centroids: NDArray[np.float32]) -> NDArray[np.int64]:
    cell: NDArray[np.int64] = np.argmax(vectors @ centroids.T, axis=1)
    return cell


def _some(rows: NDArray[Scalar]) -> Iterator[NDArray[Scalar]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]
