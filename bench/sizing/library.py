"""What a picture costs on its way into the library and through a training."""

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.ingesting import take_in
from bench.report import Row
from bench.sizing.figure import figure
from bench.trials import files_of
from databases.schema import open_for_writing
from training.duplicates.close_hashes import close_pairs
from training.duplicates.perceptual_hash import BITS
from training.indexing import index
from training.probe import fit_head
from training.progress import Silent
from training.starter import ensure_starter

HASHES = (100_000, 200_000)
DIMENSIONS, LABELS = 1280, 8
LEARNT_FROM = 6_000
BLOCK, TILE, TILES = 512, 8192, 4


def rows(data: Path, temporary: Path) -> Iterator[Row]:
    folder, place = data / "cats-dogs", temporary / "taken-in"
    count = len(files_of(folder))
    engine = open_for_writing(f"sqlite:///{place}/images.db")
    spent = _spent(lambda: take_in(engine, folder))
    yield figure("ingest by hash, a core's time a picture", 1000 * spent / count, "ms")
    starter = ensure_starter(engine, place / "bundles", Silent())
    spent = _spent(lambda: index(engine, place / "bundles", starter, "pictures", Silent()))
    yield figure("index, a core's time a picture", 1000 * spent / count, "ms")
    engine.dispose()
    for size in HASHES:
        yield figure(f"{size:,} hashes compared, a core's time", _spent(_hashes(size)), "s")
    spent = _spent(_cosines())
    yield figure("embeddings compared, a core's time a pair", 1e9 * spent / (BLOCK * TILE * TILES), "ns")
    yield figure(f"a head fitted to {LEARNT_FROM:,} embeddings, a core's time", _spent(_head()), "s")


def _spent(work: Callable[[], object]) -> float:
    """Seconds of a core, of this process and its children."""
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _hashes(size: int) -> Callable[[], object]:
    """Random ones, of which none is close to another: those are compared that share a word by chance."""
    bits = np.random.default_rng(0).integers(0, 256, (size, BITS // 8), np.uint8)
    hashes = [row.tobytes().hex() for row in bits]
    return lambda: close_pairs(hashes, np.ones(size, bool))


def _cosines() -> Callable[[], object]:
    """As look-alikes are searched by embedding: a block of pictures against all others, tile by tile."""
    vectors = np.random.default_rng(0).random((TILE, DIMENSIONS), np.float32).astype(np.float16)
    block = vectors[:BLOCK].astype(np.float32)
    return lambda: [np.nonzero(block @ vectors.astype(np.float32).T > DIMENSIONS) for _ in range(TILES)]


def _head() -> Callable[[], object]:
    """One of the 26 fits of a probe: five strengths by five folds, and the last."""
    chance = np.random.default_rng(0)
    targets = chance.integers(0, LABELS, LEARNT_FROM)
    centres = chance.standard_normal((LABELS, DIMENSIONS), np.float32)
    features = centres[targets] + 4 * chance.standard_normal((LEARNT_FROM, DIMENSIONS), np.float32)
    return lambda: fit_head(features, targets, 0.01)
