"""What a picture of a gallery in PostgreSQL takes: room, its part of the index's making, and searches."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, text

from backend.gallery.postgresql import COMPARED_ALL
from bench.report import Row
from bench.similar.asking import nearest_rows, opened
from bench.similar.filling import fill
from bench.similar.mixing import BIG_KIND, SEED, Crowd, Vectors, make_crowd
from bench.similar.pictures import Kinds
from bench.similar.servers import postgresql
from bench.sizing.cpu import used_with_ended
from bench.sizing.figure import figure
from databases import pgvector_index
from databases.schema import open_for_writing

SIZES, DIMENSIONS, SEARCHES = (10_000, 20_000), 1280, 100
OPENED = 5
KINDS, A_KIND = 40, 60
MB = 1e6


def rows(temporary: Path) -> Iterator[Row]:
    for size in SIZES:
        crowd = make_crowd(_kinds(), temporary / f"crowd-{size}", size, more=1)
        yield from _beside_sqlite(temporary / f"sqlite-{size}", crowd)
        with postgresql(temporary / f"postgresql-{size}") as url:
            yield from _of_size(url, temporary / f"postgresql-{size}" / "data", crowd)


def _kinds() -> Kinds:
    """Drawn, not real: what an index costs hangs on how many numbers there are, and hardly on which."""
    chance = np.random.default_rng(SEED)
    names = [BIG_KIND, *(f"kind/{number}" for number in range(KINDS))]
    centres = np.maximum(chance.standard_normal((len(names), DIMENSIONS), np.float32), 0)
    return {name: _around(centre, chance) for name, centre in zip(names, centres, strict=True)}


def _around(centre: Vectors, chance: np.random.Generator) -> Vectors:
    noise = chance.standard_normal((A_KIND, DIMENSIONS), np.float32)
    noisy = np.maximum(centre + np.float32(0.7) * noise, 0)
    lengths: Vectors = np.linalg.norm(noisy, axis=1, keepdims=True)
    return np.divide(noisy, lengths, dtype=np.float32)


def _beside_sqlite(folder: Path, crowd: Crowd) -> Iterator[Row]:
    size, file = len(crowd.labels), folder / "images.db"
    folder.mkdir()
    fill(f"sqlite:///{file}", crowd, folder)
    what = f"SQLite, {size:,} pictures"
    yield figure(f"{what}: the database, a picture", file.stat().st_size / size, "bytes")
    yield _searches(f"{what}: all compared, a core's time", f"sqlite:///{file}", folder, crowd, os.getpid())


def _of_size(url: str, folder: Path, crowd: Crowd) -> Iterator[Row]:
    size = len(crowd.labels)
    server = int((folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    library = fill(url, crowd, folder)
    engine = open_for_writing(url)
    what = f"PostgreSQL, {size:,} pictures"
    for table in ("images", "embeddings", "gallery_vectors"):
        yield figure(f"{what}: {table}, a picture", _bytes(engine, table) / size, "bytes")
    yield _searches(f"{what}: all compared, a core's time", url, folder, crowd, server)
    before = used_with_ended(server)
    for _ in range(OPENED):  # the pictures are counted then, and after each change
        opened(url, folder, DIMENSIONS).close()
    spent = 1000 * (used_with_ended(server) - before) / OPENED
    yield figure(f"{what}: counted anew, a core's time", spent, "ms")
    begin, before = time.perf_counter(), used_with_ended(server)
    pgvector_index.keep_index(engine, library.model.id, worth=1)
    yield figure(f"{what}: HNSW made", time.perf_counter() - begin, "s")
    spent = 1000 * (used_with_ended(server) - before) / size
    yield figure(f"{what}: HNSW made, a core's time a picture", spent, "ms")
    index = pgvector_index.index_name(library.model.id)
    yield figure(f"{what}: HNSW, a picture", _bytes(engine, index) / size, "bytes")
    if size > COMPARED_ALL:
        yield _searches(f"{what}: by HNSW, a core's time", url, folder, crowd, server)
    engine.dispose()


def _searches(what: str, url: str, folder: Path, crowd: Crowd, pid: int) -> Row:
    """What the process that searches spends on the ten nearest of all."""
    gallery = opened(url, folder, DIMENSIONS)
    for query in crowd.queries[:SEARCHES]:
        nearest_rows(gallery, query, None)
    before = used_with_ended(pid)
    for query in crowd.queries[:SEARCHES]:
        nearest_rows(gallery, query, None)
    spent = used_with_ended(pid) - before
    gallery.close()
    return figure(what, 1000 * spent / SEARCHES, "ms")


def _bytes(engine: Engine, name: str) -> float:
    """Of a table with its indices and what is laid out of line, or of an index."""
    with engine.connect() as connection:
        size = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
        return float(connection.scalar(size, {"name": name}) or 0)
