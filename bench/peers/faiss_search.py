"""faiss on a crowd of embeddings, set up as its wiki says. Runs in an environment of its own.

.venv-rivals/bin/python -m bench.peers.faiss_search build|ask NAME CROWD STORE SECONDS RECALL

NAME: `hnsw`, a graph over all with a selector of ids ("Setting search parameters for one query"); `ivf`,
cells over all ("Guidelines to choose an index", 4 sqrt(n) cells) with a byte a number, and the same selector;
`label-hnsw` and `label-flat`, an index for the one label, which no selector is needed for.
"""

import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from bench.peers.searching import (
    K,
    Outcome,
    Search,
    Task,
    answer,
    first_good,
    memory_mb,
    not_built,
    open_task,
    tell,
)

LINKS = 32
CHUNK = 20_000
EF = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
PROBES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
TRAIN_PER_CELL = 39  # the fewest that its k-means does not warn about


def build(name: str, crowd: Path, store: Path, limit: float) -> None:
    """Builds until it is done or the time is up, which is told beside the index."""
    task = open_task(crowd)
    rows = task.members if name.startswith("label-") else np.arange(len(task.vectors))
    begun = time.perf_counter()
    index = _empty(name, task)
    added = 0
    while added < len(rows) and time.perf_counter() - begun < limit:
        index.add(task.vectors[rows[added : added + CHUNK]])
        added = min(len(rows), added + CHUNK)
        tell(f"{name}: {added} of {len(rows)} after {time.perf_counter() - begun:.0f} s")
    seconds = time.perf_counter() - begun
    faiss.write_index(index, str(store / f"faiss-{name}"))
    told = {"seconds": seconds, "size": added if len(rows) == len(task.vectors) else len(task.vectors)}
    (store / f"faiss-{name}.json").write_text(json.dumps(told), encoding="utf-8")


def _empty(name: str, task: Task) -> Any:
    dimensions = task.vectors.shape[1]
    if name.endswith("hnsw"):
        return faiss.IndexHNSWFlat(dimensions, LINKS, faiss.METRIC_INNER_PRODUCT)
    if name == "label-flat":
        index = faiss.index_factory(dimensions, "SQ8", faiss.METRIC_INNER_PRODUCT)
        index.train(task.vectors[task.members])
        return index
    cells = max(1, round(4 * math.sqrt(len(task.vectors))))
    index = faiss.index_factory(dimensions, f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(task.vectors[: TRAIN_PER_CELL * cells])
    return index


def ask(name: str, crowd: Path, store: Path, wanted: float) -> None:
    path = store / f"faiss-{name}"
    told = json.loads((store / f"faiss-{name}.json").read_text(encoding="utf-8"))
    before = memory_mb("RssAnon")
    index = faiss.read_index(str(path))
    grown = memory_mb("RssAnon") - before
    full = f"faiss {_kind(index)}{' of the label alone' if name.startswith('label-') else ''}"
    if not told["size"]:
        answer(not_built(full, told["seconds"]))
        return
    task = open_task(crowd, told["size"])
    setting, recall, times = first_good(_settings(name, index, task), task, wanted)
    answer(
        Outcome(
            name=full,
            setting=setting,
            size=told["size"],
            recall=recall,
            p50_ms=times.percentile(0.5),
            p95_ms=times.percentile(0.95),
            build_seconds=told["seconds"],
            index_mb=path.stat().st_size / 1e6,
            resident_mb=grown,
        )
    )


def _kind(index: Any) -> str:
    return {"IndexHNSWFlat": f"HNSW{LINKS}", "IndexIVFScalarQuantizer": "IVF SQ8"}.get(
        type(index).__name__, "SQ8"
    )


def _settings(name: str, index: Any, task: Task) -> Iterator[tuple[str, Search]]:
    whole = not name.startswith("label-")
    # A bit a row: the fastest of its selectors to look up. It is made once, and not on the clock.
    bits = np.packbits(np.isin(np.arange(len(task.vectors)), task.members), bitorder="little")
    selector = faiss.IDSelectorBitmap(bits) if whole else None
    rows = np.arange(len(task.vectors)) if whole else task.members

    def searching(params: Any) -> Search:
        def search(query: Any) -> list[int]:
            found = index.search(query[None], K, params=params)[1][0]
            return [int(row) for row in rows[found[found >= 0]]]

        return search

    if name.endswith("hnsw"):
        for ef in EF:
            yield f"efSearch {ef}", searching(faiss.SearchParametersHNSW(sel=selector, efSearch=ef))
    elif name == "ivf":
        for probes in PROBES:
            if probes <= index.nlist:
                yield f"nprobe {probes}", searching(faiss.SearchParametersIVF(sel=selector, nprobe=probes))
    else:
        yield "all rows", searching(None)


if __name__ == "__main__":
    what, name, crowd, store, seconds, recall = sys.argv[1:]
    if what == "build":
        build(name, Path(crowd), Path(store), float(seconds))
    else:
        ask(name, Path(crowd), Path(store), float(recall))
