"""Ways to look through all embeddings of a label, side by side. Runs in the rivals' environment.

.venv-rivals/bin/python -m bench.peers.kernels CROWD ROWS ...

Each finds the 10 nearest to a query among so many rows of the crowd: the coarse ones take their best 100 and
compare them again by float32. In every round all of them are asked the same query, in an order that changes.
"""

import json
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import simsimd
from numpy.typing import NDArray
from usearch.index import MetricKind
from usearch.index import search as search_exactly

from bench.peers.searching import K, Search, Task, Vectors, open_task, tell

CANDIDATES, THREADS, ROUNDS = 100, 2, 60
WORST_SCALE = 127


@dataclass(frozen=True)
class Kernel:
    search: Search
    bytes_each: int


def kernels(vectors: Vectors) -> dict[str, Kernel]:
    """By name; `vectors` float32 [n, d] of length 1."""
    dimensions = vectors.shape[1]
    codes = np.round(vectors * (WORST_SCALE / vectors.max())).astype(np.int8)
    flat = faiss.index_factory(dimensions, "SQ8", faiss.METRIC_INNER_PRODUCT)
    flat.train(vectors)
    flat.add(vectors)

    def best(similar: NDArray[Any], query: Vectors) -> list[int]:
        few = min(CANDIDATES, len(similar))
        return again(np.argpartition(-similar, few - 1)[:few], query)

    def again(rows: NDArray[Any], query: Vectors) -> list[int]:
        exact = vectors[rows] @ query
        return [int(row) for row in rows[np.argsort(-exact)[:K]]]

    def code(query: Vectors) -> NDArray[np.int8]:
        scaled: NDArray[np.int8] = np.round(query * (WORST_SCALE / query.max())).astype(np.int8)
        return scaled

    def by_simsimd(query: Vectors, threads: int = THREADS) -> list[int]:
        distances = simsimd.cdist(code(query)[None], codes, metric="dot", threads=threads)
        return best(np.asarray(distances)[0], query)

    def by_faiss(query: Vectors) -> list[int]:
        return again(flat.search(query[None], min(CANDIDATES, len(vectors)))[1][0], query)

    def by_usearch(query: Vectors) -> list[int]:
        few = min(CANDIDATES, len(vectors))
        found = search_exactly(codes, code(query), few, MetricKind.IP, exact=True, threads=THREADS)
        return again(found.keys.astype(np.int64), query)

    def by_blas(query: Vectors) -> list[int]:
        return best(vectors @ query, query)

    return {
        "int8, simsimd": Kernel(by_simsimd, dimensions),
        "int8, simsimd in one thread": Kernel(lambda query: by_simsimd(query, 1), dimensions),
        "SQ8, faiss": Kernel(by_faiss, dimensions),
        "int8 exact, usearch": Kernel(by_usearch, dimensions),
        "float32, NumPy's BLAS": Kernel(by_blas, 4 * dimensions),
    }


def compare(task: Task, size: int) -> list[dict[str, Any]]:
    """Medians in ms, and each one's to the first's: the median of the rounds' ratios."""
    vectors = np.array(task.vectors[:size])
    small = Task(vectors, np.arange(size), task.queries)
    found = kernels(vectors)
    ms: dict[str, list[float]] = {name: [] for name in found}
    answers: dict[str, list[list[int]]] = {name: [] for name in found}
    names = list(found)
    for number in range(-5, ROUNDS):
        query = task.queries[number]
        for name in names[number % len(names) :] + names[: number % len(names)]:
            begin = time.perf_counter()
            rows = found[name].search(query)
            if number >= 0:
                ms[name].append(1000 * (time.perf_counter() - begin))
                answers[name].append(list(rows))
    first = ms[names[0]]
    return [
        {
            "name": name,
            "size": size,
            "ms": statistics.median(ms[name]),
            "times": statistics.median(other / ours for other, ours in zip(ms[name], first, strict=True)),
            "recall": small.recall(answers[name]),
            "mb": found[name].bytes_each * size / 1e6,
        }
        for name in names
    ]


def main(crowd: Path, sizes: list[int]) -> None:
    faiss.omp_set_num_threads(THREADS)
    task, rows = open_task(crowd), []
    for size in sizes:
        found = compare(task, min(size, len(task.vectors)))
        tell(f"{size} rows: " + ", ".join(f"{row['name']} {row['ms']:.2f} ms" for row in found))
        rows += found
    print(json.dumps(rows))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]])
