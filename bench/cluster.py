"""Bulk work on a Ray cluster of this machine: what a second worker adds, and what the cluster costs.

A node of the cluster has one core, and so one worker. The runs are paired, since the machine may have other
things to do meanwhile: each pair gives one ratio, and the medians count. Whole commands are timed, as they
are typed on a cluster that runs already.

MENAGERIE_DATA=... make bench-cluster
"""

import os
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.report import Row, measure
from bench.trials import Place, mixed_pictures

PICTURES = 2_000
REPEATS = 5
MEMORY = {"object_store_memory": 200 * 2**20}


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    place = Place(temporary / "state")
    place.menagerie("starter")
    pictures = _gather(mixed_pictures(data, PICTURES), temporary / "pictures")
    count = sum(1 for _ in pictures.iterdir())
    here = temporary / "here.csv"
    alone, one, two = [], [], []
    with _cluster() as cluster:
        for repeat in range(REPEATS):
            alone.append(_seconds(place, pictures, here))
            one.append(_seconds(place, pictures, temporary / f"one-{repeat}.csv", cluster.address))
            node = cluster.add_node(num_cpus=1, **MEMORY)
            two.append(_seconds(place, pictures, temporary / f"two-{repeat}.csv", cluster.address))
            cluster.remove_node(node)
        few = _gather(mixed_pictures(data, 5), temporary / "few")
        least = _seconds(place, few, temporary / "few.csv", cluster.address)
    others = [path for path in temporary.glob("*-*.csv") if path.read_bytes() != here.read_bytes()]
    yield Row("predict: files that differ from the one written without Ray", len(others), "", 0, "lower")
    faster = statistics.median(a / b for a, b in zip(one, two, strict=True))
    yield Row("predict: two workers against one", faster, "x", 1.6, "higher")
    share = statistics.median(a / b for a, b in zip(alone, two, strict=True))
    yield Row("predict: two workers against --engine local on the same two cores", share, "x", 0.7, "higher")
    for name, times in (("one worker", one), ("two workers", two), ("--engine local", alone)):
        yield Row(f"predict: {name}", count / statistics.median(times), "pictures/s", 0, "higher")
    yield Row("predict: five pictures, on a cluster that runs", least, "s", 15, "lower")


def _gather(paths: list[Path], folder: Path) -> Path:
    """Copies in one folder, so that all are read from one disk, in an order that mixes them."""
    folder.mkdir()
    for number, path in enumerate(paths):
        shutil.copy(path, folder / f"{number * 7919 % len(paths):05}-{number:05}{path.suffix}")
    return folder


def _seconds(place: Place, pictures: Path, out: Path, address: str | None = None) -> float:
    out.unlink(missing_ok=True)
    where = () if address is None else ("--engine", "ray", "--address", address)
    begin = time.perf_counter()
    place.menagerie("predict", str(pictures), "--out", str(out), *where)
    return time.perf_counter() - begin


@contextmanager
def _cluster() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    head = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head | MEMORY)
    try:
        yield cluster
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    measure("cluster", _rows, {"ray": version("ray")})
