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
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.report import Row, measure
from bench.trials import Place, mixed_pictures

PICTURES = 2_000, 8_000
REPEATS = 3
MEMORY = {"object_store_memory": 200 * 2**20}


@dataclass(frozen=True)
class _Times:
    """Seconds of the same command, run after run."""

    alone: list[float] = field(default_factory=list)
    one: list[float] = field(default_factory=list)
    two: list[float] = field(default_factory=list)


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    place = Place(temporary / "state")
    place.menagerie("starter")
    few = _gather(mixed_pictures(data, 5), temporary / "few")
    others = 0
    with _cluster() as cluster:
        least = min(_seconds(place, few, temporary / "few.csv", cluster.address) for _ in range(REPEATS))
        for count in PICTURES:
            pictures = _gather(mixed_pictures(data, count), temporary / f"pictures-{count}")
            times, differing = _run(place, cluster, pictures)
            others += differing
            yield from _compared(times, sum(1 for _ in pictures.iterdir()), least)
    yield Row("predict: files that differ from the one written without Ray", others, "", 0, "lower")
    yield Row("predict: five pictures, on a cluster that runs", least, "s", 15, "lower")


def _run(place: Place, cluster: Any, pictures: Path) -> tuple[_Times, int]:
    """All runs on some pictures, and how many files they wrote that differ from the first."""
    times, folder = _Times(), pictures.parent
    here, there = folder / "here.csv", folder / "there.csv"
    differing = 0
    for _ in range(REPEATS):
        times.alone.append(_seconds(place, pictures, here))
        times.one.append(_seconds(place, pictures, there, cluster.address))
        differing += there.read_bytes() != here.read_bytes()
        node = cluster.add_node(num_cpus=1, **MEMORY)
        times.two.append(_seconds(place, pictures, there, cluster.address))
        differing += there.read_bytes() != here.read_bytes()
        cluster.remove_node(node)
    return times, differing


def _compared(times: _Times, count: int, least: float) -> Iterator[Row]:
    """`least`: seconds that the command takes though there is next to nothing to do."""
    what = f"predict, {count:,} pictures"
    pairs = list(zip(times.one, times.two, strict=True))
    faster = statistics.median(one / two for one, two in pairs)
    yield Row(f"{what}: two workers against one", faster, "x", 1.6, "higher")
    working = statistics.median((one - least) / (two - least) for one, two in pairs)
    yield Row(f"{what}: the same without the seconds of five pictures", working, "x", 0, "higher")
    share = statistics.median(alone / two for alone, two in zip(times.alone, times.two, strict=True))
    yield Row(f"{what}: two workers against --engine local on the same two cores", share, "x", 0.7, "higher")
    for name, took in (("one worker", times.one), ("two", times.two), ("--engine local", times.alone)):
        yield Row(f"{what}: {name}", count / statistics.median(took), "pictures/s", 0, "higher")


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
