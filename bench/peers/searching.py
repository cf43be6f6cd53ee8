"""What is the same for all who search a crowd of embeddings: what they are asked, and how they are judged.
Needs NumPy alone, for it runs in the rivals' environment too."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

K = 10
DECIMALS = 6  # of a cosine; beyond them processors disagree on what is nearer
WARM_UP, LEAST_QUERIES = 20, 200
BUDGET = 60.0  # seconds for one setting, from the 200th query on
VAIN = 2

Vectors = NDArray[np.float32]
Search = Callable[[Vectors], Sequence[int]]


@dataclass(frozen=True)
class Task:
    """The k nearest to each of `queries` float32 [n, d] among the rows `members` of `vectors` float32
    [size, d], all of length 1."""

    vectors: Vectors
    members: NDArray[np.int64]
    queries: Vectors
    worst: list[float] = field(default_factory=list)

    def recall(self, answers: Sequence[Sequence[int]]) -> float:
        """The share of the k nearest that was found, of the first queries; what is exactly as near as the
        k-th counts as it does."""
        if not self.worst:
            self.worst.extend(worst_answers(self.vectors[self.members], self.queries))
        wanted = min(K, len(self.members))
        found = 0
        for rows, query, worst in zip(answers, self.queries, self.worst, strict=False):
            known = np.intersect1d(np.asarray(rows, np.int64), self.members)[:wanted]
            found += int((cosines(self.vectors[known], query) >= worst).sum())
        return found / (wanted * len(answers))


@dataclass(frozen=True)
class Timed:
    """Of one client that asks one query after the other: answers, and milliseconds until each of them."""

    answers: list[list[int]]
    ms: list[float]

    def percentile(self, share: float) -> float:
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Outcome:
    """What one way to search came to, at the setting that `setting` names. `build_seconds`: None where
    nothing is built; `index_mb` on disk, `resident_mb` of memory, in 10**6 bytes."""

    name: str
    setting: str
    size: int
    recall: float
    p50_ms: float
    p95_ms: float
    build_seconds: float | None
    index_mb: float
    resident_mb: float


def open_task(folder: Path, size: int | None = None) -> Task:
    """That of a crowd's folder, see `bench.similar.mixing`: the label with the number 0. `size`: only the
    first rows count."""
    queries = np.load(folder / "queries.npy")
    vectors = np.memmap(folder / "vectors.f32", np.float32, "r").reshape(-1, queries.shape[1])
    labels = np.load(folder / "labels.npy")[:size]
    return Task(vectors[: len(labels)], np.flatnonzero(labels == 0), queries)


def cosines(vectors: Vectors, query: Vectors) -> NDArray[np.float64]:
    """Of rows of length 1 with a vector of length 1, in float64, rounded."""
    return np.round(vectors.astype(np.float64) @ query.astype(np.float64), DECIMALS)


def worst_answers(vectors: Vectors, queries: Vectors) -> list[float]:
    """The cosine of the k-th nearest to each query, by brute force."""
    worst = []
    for similar, query in zip(queries @ vectors.T, queries, strict=True):
        few = min(2 * K, len(similar))
        near = np.argpartition(-similar, few - 1)[:few]
        worst.append(float(np.sort(cosines(vectors[near], query))[::-1][min(K, few) - 1]))
    return worst


def timed(search: Search, queries: Vectors) -> Timed:
    """Asks all queries, or at least 200 of them where they take more than a minute."""
    for query in queries[:WARM_UP]:
        search(query)
    answers, ms, begun = [], [], time.perf_counter()
    for query in queries:
        begin = time.perf_counter()
        rows = search(query)
        ms.append(1000 * (time.perf_counter() - begin))
        answers.append([int(row) for row in rows])
        if len(ms) >= LEAST_QUERIES and time.perf_counter() - begun > BUDGET:
            break
    return Timed(answers, ms)


def first_good(settings: Iterable[tuple[str, Search]], task: Task, wanted: float) -> tuple[str, float, Timed]:
    """The setting, its recall and its times: of the first whose recall is as wanted, or else of the best.
    `settings` come from the fastest to the most thorough; they end where some in a row found no more."""
    best: tuple[str, float, Timed] | None = None
    vain = 0
    for name, search in settings:
        times = timed(search, task.queries)
        recall = task.recall(times.answers)
        tell(f"{name}: recall {recall:.4f}, {statistics.median(times.ms):.2f} ms")
        if best is None or recall > best[1]:
            best, vain = (name, recall, times), 0
        else:
            vain += 1
        if recall >= wanted or vain == VAIN:
            break
    assert best is not None, "there is at least one setting"
    return best


def memory_mb(kind: str = "VmRSS", process: int | str = "self") -> float:
    """Of a process, in 10**6 bytes: `VmRSS` is all that is resident, `RssAnon` what no file lies behind."""
    told = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in told if line.startswith(kind))


def tell(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)  # noqa: T201


def not_built(name: str, seconds: float) -> Outcome:
    """What is told where nothing could be asked when the time was up."""
    never = float("inf")
    return Outcome(name, f"not built within {seconds:.0f} s", 0, 0.0, never, never, seconds, 0.0, 0.0)


def answer(outcome: Outcome) -> None:
    print(json.dumps(asdict(outcome)), flush=True)  # noqa: T201
