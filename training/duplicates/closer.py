"""Look-alikes that no hash finds, such as cut and slightly turned copies: neighbours by embedding, then laid
over one another to be sure."""

import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet
from sqlalchemy import Engine
from threadpoolctl import threadpool_limits

from backend.inference.cpu import available_cpus
from databases.library import LibraryImage
from training.duplicates.alignment import SIDE, Sketch, show_the_same, sketch
from training.duplicates.grouping import IdPair, LookCloser
from training.indexing import index, read_features
from training.pictures import read_picture
from training.progress import Progress
from training.starter import ensure_starter

# Cosine of the starter's embeddings. Cut or slightly turned copies of 300 photographs had 0.81 or more to
# their original; one in 1,000 pairs of different ones has as much as this.
LIKELY = 0.75
NEIGHBOURS = 10
BLOCK, TILE = 512, 8192  # rows whose cosines are computed in one go: 16 MB
SKETCHES = 2000  # in memory, 150 KB each
CHUNK = 256

Features = NDArray[np.float16]


def by_embedding(engine: Engine, bundles: Path, progress: Progress) -> LookCloser:
    """Looks closer with the starter's embeddings, which are computed and kept where they are lacking."""
    return functools.partial(_look_closer, engine, bundles, progress)


def _look_closer(
    engine: Engine,
    bundles: Path,
    progress: Progress,
    images: Sequence[LibraryImage],
    new: set[int],
    known: DisjointSet,
) -> list[IdPair]:
    features = _features(engine, bundles, progress, images)
    rows = np.array([number for number, image in enumerate(images) if image.id in new])
    candidates = sorted(set(_neighbours(features, rows)))
    with progress.track("Comparing look-alikes", len(candidates)) as advance:
        return _verified(images, candidates, known, advance)


def _features(engine: Engine, bundles: Path, progress: Progress, images: Sequence[LibraryImage]) -> Features:
    starter = ensure_starter(engine, bundles, progress)
    index(engine, bundles, starter, images[0].task, progress, images)
    parts = [
        read_features(engine, starter, images[start : start + TILE]).astype(np.float16)
        for start in range(0, len(images), TILE)
    ]
    return np.concatenate(parts)


def _neighbours(features: Features, rows: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Index pairs of likely look-alikes, the lower first: of each of `rows`, its nearest."""
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        asked, likely = features[block].astype(np.float32), []
        for tile in range(0, len(features), TILE):
            cosines = asked @ features[tile : tile + TILE].astype(np.float32).T
            one, other = np.nonzero(cosines >= LIKELY)
            likely.append(np.column_stack([one, other + tile, cosines[one, other]]))
        found = np.concatenate(likely)
        found = found[block[found[:, 0].astype(np.int64)] != found[:, 1]]
        found = found[np.lexsort((-found[:, 2], found[:, 0]))]
        _, first, count = np.unique(found[:, 0], return_index=True, return_counts=True)
        rank = np.arange(len(found)) - np.repeat(first, count)
        for one, other, _ in found[rank < NEIGHBOURS]:
            pair = sorted((int(block[int(one)]), int(other)))
            yield pair[0], pair[1]


def _verified(
    images: Sequence[LibraryImage],
    candidates: Sequence[tuple[int, int]],
    known: DisjointSet,
    advance: Callable[[int], None],
) -> list[IdPair]:
    @functools.lru_cache(SKETCHES)
    def sketch_of(number: int) -> Sketch:
        return sketch(read_picture(images[number], SIDE))

    def same(pair: tuple[int, int]) -> bool:
        return show_the_same(sketch_of(pair[0]), sketch_of(pair[1]))

    found = []
    # One thread a pair: more of them inside would only wait for each other.
    with threadpool_limits(1), ThreadPoolExecutor(available_cpus()) as pool:
        for start in range(0, len(candidates), CHUNK):
            chunk = candidates[start : start + CHUNK]
            unknown = [(i, j) for i, j in chunk if not known.connected(images[i].id, images[j].id)]
            for (i, j), alike in zip(unknown, pool.map(same, unknown), strict=True):
                if alike:
                    found.append((images[i].id, images[j].id))
                    known.merge(*found[-1])
            advance(len(chunk))
    return found
