"""Look-alikes that no hash finds, such as cut and slightly turned copies: neighbours by embedding, then laid
over one another to be sure."""

import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from threadpoolctl import threadpool_limits

from backend.bundles.places import Bundles
from backend.inference.cpu import available_cpus
from databases.embeddings import vectors_of
from databases.library import LibraryImage
from databases.places import Unreachable
from databases.registry import RegisteredModel
from training.duplicates.alignment import SIDE, Sketch, show_the_same, sketch
from training.duplicates.grouping import IdPair, LookCloser, Looked
from training.errors import TrainingError
from training.indexing import index
from training.pictures import read_picture
from training.progress import Progress
from training.running import Runner, run_here
from training.starter import ensure_starter

# Cosine of the starter's embeddings. Cut or slightly turned copies of 300 photographs had 0.81 or more to
# their original; one in 1,000 pairs of different ones has as much as this.
LIKELY = 0.75
NEIGHBOURS = 10
BLOCK, TILE = 512, 8192  # rows whose cosines are computed in one go: 16 MB, and 100 MB where all are likely
SKETCHES = 500  # in memory, 410 KB each at most
CHUNK = 256

Features = NDArray[np.float16]


def by_embedding(engine: Engine, bundles: Bundles, progress: Progress, run: Runner = run_here) -> LookCloser:
    """Looks closer with the starter's embeddings, which are computed and kept where they are lacking."""
    return functools.partial(_look_closer, engine, bundles, progress, run)


def _look_closer(
    engine: Engine,
    bundles: Bundles,
    progress: Progress,
    run: Runner,
    images: Sequence[LibraryImage],
    new: set[int],
    known: DisjointSet,
) -> Looked:
    readable = [image for image in images if image.id in new and _is_there(image)]
    if gone := len(new) - len(readable):
        progress.tell(f"{gone} pictures cannot be read now: they are not compared by embedding")
    starter = ensure_starter(engine, bundles, progress)
    index(engine, bundles, starter, images[0].task, progress, readable, run)
    images, features = _features(engine, starter, images)
    ids = {image.id for image in readable}
    rows = np.array([number for number, image in enumerate(images) if image.id in ids], np.int64)
    groups = np.array([known[image.id] for image in images], np.int64)
    candidates = sorted(set(_neighbours(features, rows, groups)))
    with progress.track("Comparing look-alikes", len(candidates)) as advance:
        return Looked(_verified(images, candidates, known, advance), sorted(ids))


def _is_there(image: LibraryImage) -> bool:
    """Whether a picture's file can be asked for and is as large as it was: it may lie in another root, which
    this ingest is not about."""
    try:
        return image.place.stat().st_size == image.bytes
    except OSError:
        return False


def _features(
    engine: Engine, starter: RegisteredModel, images: Sequence[LibraryImage]
) -> tuple[list[LibraryImage], Features]:
    """The pictures that have an embedding, and theirs."""
    kept: list[LibraryImage] = []
    parts = [np.empty((0, 0), np.float16)]
    with Session(engine) as session:
        for start in range(0, len(images), TILE):
            some = images[start : start + TILE]
            vectors = vectors_of(session, starter.id, [image.id for image in some])
            embedded = [image for image in some if image.id in vectors]
            kept += embedded
            if embedded:
                rows = np.stack([np.frombuffer(vectors[image.id], "<f4") for image in embedded])
                parts.append(rows.astype(np.float16))
    return kept, np.concatenate(parts[1:] or parts)


def _neighbours(
    features: Features, rows: NDArray[np.int64], groups: NDArray[np.int64]
) -> Iterator[tuple[int, int]]:
    """Index pairs of likely look-alikes, the lower first: of each of `rows`, its nearest in other groups."""
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        asked, likely = features[block].astype(np.float32), []
        for tile in range(0, len(features), TILE):
            cosines = asked @ features[tile : tile + TILE].astype(np.float32).T
            cosines[groups[block][:, None] == groups[tile : tile + TILE]] = 0
            one, other = np.nonzero(cosines >= LIKELY)
            likely.append(_nearest(np.column_stack([one, other + tile, cosines[one, other]])))
        for one, other, _ in _nearest(np.concatenate(likely)):
            pair = sorted((int(block[int(one)]), int(other)))
            yield pair[0], pair[1]


def _nearest(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of rows (one, other, cosine), those with the highest cosines of each `one`."""
    found = found[np.lexsort((-found[:, 2], found[:, 0]))]
    _, first, count = np.unique(found[:, 0], return_index=True, return_counts=True)
    rank = np.arange(len(found)) - np.repeat(first, count)
    return found[rank < NEIGHBOURS]


def _verified(
    images: Sequence[LibraryImage],
    candidates: Sequence[tuple[int, int]],
    known: DisjointSet,
    advance: Callable[[int], None],
) -> list[IdPair]:
    @functools.lru_cache(SKETCHES)
    def sketch_of(number: int) -> Sketch | None:
        try:
            return sketch(read_picture(images[number], SIDE))
        except (TrainingError, Unreachable):  # of a root that is away now
            return None

    def same(pair: tuple[int, int]) -> bool:
        one, other = sketch_of(pair[0]), sketch_of(pair[1])
        return one is not None and other is not None and show_the_same(one, other)

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
