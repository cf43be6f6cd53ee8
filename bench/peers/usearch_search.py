"""usearch on a crowd of embeddings, set up as its README says. Runs in an environment of its own.

.venv-rivals/bin/python -m bench.peers.usearch_search build|ask NAME CROWD STORE SECONDS RECALL

NAME: `whole`, one index over all; its README's table tells that Python has no filter predicates, so more and
more are asked for until enough have the label, as it says of engines without. `label`, an index for the one
label. `exact`, its exact search over the label's rows, without an index.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from usearch.index import Index, MetricKind
from usearch.index import search as search_exactly

from bench.peers.searching import (
    K,
    Outcome,
    Search,
    Task,
    answer,
    first_good,
    memory_mb,
    open_task,
    tell,
)

CHUNK = 20_000
EXPANSIONS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


def _empty(dimensions: int) -> Any:
    return Index(ndim=dimensions, metric="cos", dtype="bf16")  # "recommended for most modern CPUs"


def build(name: str, crowd: Path, store: Path, limit: float) -> None:
    """Builds until it is done or the time is up, which is told beside the index."""
    task = open_task(crowd)
    rows = np.arange(len(task.vectors)) if name == "whole" else task.members
    index, begun, added = _empty(task.vectors.shape[1]), time.perf_counter(), 0
    while name != "exact" and added < len(rows) and time.perf_counter() - begun < limit:
        chosen = rows[added : added + CHUNK]
        index.add(chosen, task.vectors[chosen])
        added = min(len(rows), added + CHUNK)
        tell(f"{name}: {added} of {len(rows)} after {time.perf_counter() - begun:.0f} s")
    seconds = time.perf_counter() - begun
    index.save(str(store / f"usearch-{name}"))
    told = {"seconds": seconds, "size": added if name == "whole" else len(task.vectors)}
    (store / f"usearch-{name}.json").write_text(json.dumps(told), encoding="utf-8")


def ask(name: str, crowd: Path, store: Path, wanted: float) -> None:
    path = store / f"usearch-{name}"
    told = json.loads((store / f"usearch-{name}.json").read_text(encoding="utf-8"))
    task = open_task(crowd, told["size"])
    before = memory_mb("RssAnon")
    index = _empty(task.vectors.shape[1])
    index.load(str(path))
    rows = np.ascontiguousarray(task.vectors[task.members]) if name == "exact" else None
    grown = memory_mb("RssAnon") - before
    settings = _indexed(index, task) if rows is None else _exact(rows, task)
    setting, recall, times = first_good(settings, task, wanted)
    names = {"whole": "bf16", "label": "bf16 of the label alone", "exact": "exact float32 over the label"}
    answer(
        Outcome(
            name=f"usearch {names[name]}",
            setting=setting,
            size=told["size"],
            recall=recall,
            p50_ms=times.percentile(0.5),
            p95_ms=times.percentile(0.95),
            build_seconds=None if name == "exact" else told["seconds"],
            index_mb=0 if name == "exact" else path.stat().st_size / 1e6,
            resident_mb=grown,
        )
    )


def _indexed(index: Any, task: Task) -> Iterator[tuple[str, Search]]:
    member = np.zeros(len(task.vectors), np.bool_)
    member[task.members] = True

    def search(query: Any) -> list[int]:
        asked = max(K, index.expansion_search)
        while True:
            keys = index.search(query, asked).keys
            found = keys[member[keys]][:K]
            if len(found) >= K or asked >= len(index):
                return [int(key) for key in found]
            asked *= 2

    for expansion in EXPANSIONS:
        index.expansion_search = expansion
        yield f"expansion_search {expansion}", search


def _exact(rows: Any, task: Task) -> Iterator[tuple[str, Search]]:
    def search(query: Any) -> list[int]:
        found = search_exactly(rows, query, K, MetricKind.Cos, exact=True)
        return [int(row) for row in task.members[found.keys]]

    yield "all rows", search


if __name__ == "__main__":
    what, name, crowd, store, seconds, recall = sys.argv[1:]
    if what == "build":
        build(name, Path(crowd), Path(store), float(seconds))
    else:
        ask(name, Path(crowd), Path(store), float(recall))
