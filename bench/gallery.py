"""The gallery, exact and at scale: beside brute force, and beside others on the same million embeddings.

MENAGERIE_DATA=... make bench-gallery
MENAGERIE_DATA=... python -m bench.gallery --size 50000 --work ~/gallery-bench --only small million

What a crowd of embeddings is made of is told in bench/similar/mixing.py. `--work` keeps the crowd, the filled
databases (12 GB for a million) and the rivals' indexes, and uses what is there.
"""

import argparse
import functools
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import retrieval
from bench.peers.searching import Outcome, Task
from bench.report import Row, measure
from bench.similar import changing, everywhere, killing, rivals
from bench.similar.asking import Answers, ask, seconds_to_open
from bench.similar.filling import Library, fill
from bench.similar.mixing import BIG, RARE, RARE_PICTURES, Crowd, make_crowd
from bench.similar.pictures import Kinds, kept_embeddings
from bench.similar.servers import postgresql
from bench.trials import Place
from databases.pgvector_index import keep_index
from databases.schema import open_for_writing
from databases.settings import PROJECT

SMALL = (1_000, 10_000, 100_000)
KILLED_AT = 100_000
KILLS = 10
SCANNED = 50_000  # what one label of a million may have
MB, SECONDS_TO_ADD = 1500, 30
LEAST_RECALL, MOST_MS = 0.97, 25  # with a label of 5 %


@dataclass(frozen=True)
class Bench:
    """Where all lies, and how much of it there is; `limit`: seconds for each rival to build."""

    data: Path
    work: Path
    size: int
    limit: float
    kinds: Kinds

    def crowd(self, size: int) -> Crowd:
        return make_crowd(self.kinds, self.work / f"crowd-{size}", size)

    def library(self, size: int) -> Library:
        folder = self.work / f"library-{size}"
        folder.mkdir(parents=True, exist_ok=True)
        return fill(f"sqlite:///{folder}/images.db", self.crowd(size), folder / "gallery")


def _quality(bench: Bench) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=bench.work) as temporary:
        yield from retrieval.rows(bench.data, Path(temporary))


def _small(bench: Bench) -> Iterator[Row]:
    for size in SMALL:
        if size <= bench.size:
            library, crowd = bench.library(size), bench.crowd(size)
            least = everywhere.least_recall(library, crowd)
            yield Row(f"{size:,} pictures: recall@10, least of 302 labels and any", least, "", 1, "higher")
            answers = ask(library, crowd.queries, None)
            yield Row(f"{size:,} pictures, any label: median", answers.percentile(0.5), "ms", 0, "higher")


def _million(bench: Bench) -> Iterator[Row]:
    library, crowd, what = bench.library(bench.size), bench.crowd(bench.size), f"{bench.size:,} pictures"
    yield Row(f"{what}: an index made", seconds_to_open(library), "s", 0, "higher")
    yield Row(f"{what}: opened with its index", seconds_to_open(library), "s", 0, "higher")
    filters = (BIG, "a label of 5 %", LEAST_RECALL, MOST_MS), (None, "any label", 0, 0)
    for label, told, recall, ms in filters:
        answers = ask(library, crowd.queries, label)
        found = Task(crowd.vectors, crowd.rows_of(label), crowd.queries).recall(answers.rows)
        yield Row(f"{what}, {told}: recall@10", found, "", recall, "higher")
        yield Row(f"{what}, {told}: median", answers.percentile(0.5), "ms", 0, "higher")
        yield Row(f"{what}, {told}: p95", answers.percentile(0.95), "ms", ms, "lower" if ms else "higher")
        yield Row(f"{what}, {told}: the process grew by", answers.grown_mb, "MB", MB, "lower")
    files = sum(path.stat().st_size for path in library.folder.rglob("*") if path.is_file())
    yield Row(f"{what}: index files", files / 1e6, "MB", MB, "lower")
    yield Row(f"{what}, a label of 3, k = 10: answers", _rare(library, crowd), "", RARE_PICTURES, "higher")


def _rare(library: Library, crowd: Crowd) -> float:
    """How many are answered for the rare label; less than there are if one of them is not of that label."""
    expected = set(crowd.rows_of(RARE).tolist())
    return min(len(rows) if set(rows) == expected else 0 for rows in ask(library, crowd.queries, RARE).rows)


def _on_postgresql(bench: Bench) -> Iterator[Row]:
    crowd, what = bench.crowd(bench.size), f"PostgreSQL, {bench.size:,} pictures"
    with postgresql(bench.work / f"postgresql-{bench.size}") as url:
        library = fill(url, crowd, bench.work / "unused")
        yield Row(f"{what}: an index made", _seconds_to_index(library), "s", 0, "higher")
        answers = ask(library, crowd.queries, BIG)
        found = Task(crowd.vectors, crowd.rows_of(BIG), crowd.queries).recall(answers.rows)
        yield Row(f"{what}, a label of 5 %: recall@10", found, "", LEAST_RECALL, "higher")
        yield Row(f"{what}, a label of 5 %: median", answers.percentile(0.5), "ms", 0, "higher")
        yield Row(f"{what}, a label of 5 %: p95", answers.percentile(0.95), "ms", 0, "higher")
        yield Row(
            f"{what}, a label of 3, k = 10: answers", _rare(library, crowd), "", RARE_PICTURES, "higher"
        )


def _seconds_to_index(library: Library) -> float:
    """As `menagerie index` does it; none at all if it is there already."""
    engine, begin = open_for_writing(library.url), time.perf_counter()
    keep_index(engine, library.model.id)
    took = time.perf_counter() - begin
    engine.dispose()
    return took


def _rivals(bench: Bench) -> Iterator[Row]:
    library, crowd = bench.library(bench.size), bench.crowd(bench.size)
    store = bench.work / f"rivals-{bench.size}"
    store.mkdir(parents=True, exist_ok=True)
    ours = ask(library, crowd.queries, BIG)
    wanted = Task(crowd.vectors, crowd.rows_of(BIG), crowd.queries).recall(ours.rows)
    yield Row("a label of 5 %, just before the others: p95", ours.percentile(0.95), "ms", MOST_MS, "lower")
    for outcome in rivals.outcomes(crowd.folder, store, bench.limit, wanted):
        yield from _beside(ours, outcome)


def _beside(ours: Answers, other: Outcome) -> Iterator[Row]:
    """A rival's figures. Where it finds as many as we have to, the bar of its 95th percentile is ours: we are
    not slower."""
    bar = ours.percentile(0.95) if other.recall >= LEAST_RECALL else 0
    what = f"{other.name}, {other.size:,} pictures, {other.setting}"
    yield Row(f"{what}: recall@10", other.recall, "", 0, "higher")
    yield Row(f"{what}: median", other.p50_ms, "ms", 0, "higher")
    yield Row(f"{what}: p95", other.p95_ms, "ms", bar, "higher")
    if other.build_seconds is not None:
        yield Row(f"{what}: built in", other.build_seconds, "s", 0, "higher")
    yield Row(f"{what}: index files", other.index_mb, "MB", 0, "higher")
    yield Row(f"{what}: memory", other.resident_mb, "MB", 0, "higher")


def _changes(bench: Bench) -> Iterator[Row]:
    library, crowd = bench.library(bench.size), bench.crowd(bench.size)
    seconds_to_open(library)
    added = changing.add_while_serving(library, crowd)
    what = f"{len(crowd.more):,} pictures added to {bench.size:,}"
    yield Row(f"{what}: found after", added.seconds, "s", SECONDS_TO_ADD, "lower")
    yield Row(f"{what}: p95 just before", added.before_ms, "ms", 0, "higher")
    yield Row(f"{what}: p95 meanwhile", added.p95_ms, "ms", 0, "higher")


def _kills(bench: Bench) -> Iterator[Row]:
    size = min(KILLED_AT, bench.size)
    folder = bench.work / f"killed-{size}"
    folder.mkdir(parents=True, exist_ok=True)
    crowd = bench.crowd(size)
    (folder / "images.db").unlink(missing_ok=True)  # its labels are those of the last time
    library = fill(f"sqlite:///{folder}/images.db", crowd, folder / "gallery")
    right = killing.right_after_kills(library, crowd, KILLS)
    what = f"{size:,} pictures: kills during an update after which the next start is right"
    yield Row(what, right, f"of {KILLS}", KILLS, "higher")


def _kernels(bench: Bench) -> Iterator[Row]:
    command = [str(rivals.PYTHON), "-m", "bench.peers.kernels", str(bench.crowd(bench.size).folder)]
    sizes = [str(size) for size in sorted({*SMALL, SCANNED}) if size <= bench.size]
    told = subprocess.run([*command, *sizes], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    for row in json.loads(told.stdout.splitlines()[-1]):
        what = f"all of {row['size']:,} rows by {row['name']}, {row['mb']:.4g} MB"
        yield Row(f"{what}: median", row["ms"], "ms", 0, "higher")
        yield Row(f"{what}: to int8 by simsimd", row["times"], "x", 0, "higher")
        yield Row(f"{what}: recall@10", row["recall"], "", 0, "higher")


PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "quality": _quality,
    "small": _small,
    "million": _million,
    "changes": _changes,
    "kills": _kills,
    "kernels": _kernels,
    "postgresql": _on_postgresql,
    "rivals": _rivals,
}


def _rows(arguments: argparse.Namespace, data: Path, temporary: Path) -> Iterator[Row]:
    work = arguments.work or temporary
    place = Place(work / "starter")
    if not (place.folder / "bundles" / "starter-1").is_dir():
        place.menagerie("starter")
    kinds = kept_embeddings(data, place.folder / "bundles" / "starter-1", work / "real.npz")
    bench = Bench(data, work, arguments.size, arguments.limit, kinds)
    for part in arguments.only:
        yield from PARTS[part](bench)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the gallery.")
    parser.add_argument("--size", type=int, default=1_000_000, help="pictures of the large gallery")
    parser.add_argument("--work", type=Path, help="a folder to keep and use again (default: a new one)")
    parser.add_argument("--limit", type=float, default=1800, help="seconds for each rival to build")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure")
    return parser.parse_args()


if __name__ == "__main__":
    measure("gallery", functools.partial(_rows, _arguments()), rivals.versions())
