"""A service under load, simulated by the rules of backend/api/turns.py.

Of a worker, as many pictures are in work as it has turns; so many others wait, for so long, and the rest are
refused at once. Who waits is served in the order of coming. To refuse costs time of a core as well, and comes
before the work that is going on there.
"""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.api.settings import Settings

Times = NDArray[np.float64]
# Of the requests, so many come before the queues are what they stay: these are not counted.
WARMING = 0.2


@dataclass(frozen=True)
class Station:
    """`workers`, each with `turns` cores; `waiting` and `seconds` are MENAGERIE_MAX_WAITING and
    MENAGERIE_WAITING_SECONDS; `refusal`: seconds of a core. Each request goes to the least busy of `looks`
    workers that are drawn by chance, or of all where there are no more."""

    workers: int
    turns: int = 1
    waiting: int = Settings.model_fields["max_waiting"].default
    seconds: float = Settings.model_fields["waiting_seconds"].default
    refusal: float = 0.0
    looks: int = 1


@dataclass(frozen=True)
class Outcome:
    """`latencies` [accepted] in seconds, sorted; how many were `refused`."""

    latencies: Times
    refused: int

    @property
    def refused_share(self) -> float:
        return self.refused / (self.refused + len(self.latencies))

    def quantile(self, share: float) -> float:
        """The latency that so many stay below, in seconds; not a number where all were refused."""
        return float(np.quantile(self.latencies, share)) if len(self.latencies) else math.nan


class Request(NamedTuple):
    """When it came, and the seconds of a core that it costs."""

    came: float
    cost: float
    counts: bool = True


@dataclass
class Worker:
    """`in_work`: when each picture in work will be done, and whose it is."""

    station: Station
    in_work: list[tuple[float, Request]] = field(default_factory=list)
    queue: deque[Request] = field(default_factory=deque)
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    owed: float = 0.0  # seconds that refusals took from the pictures in work

    @property
    def busy(self) -> int:
        return len(self.in_work) + len(self.queue)

    def take(self, request: Request) -> None:
        self.go_on(request.came)
        self._give_up(request.came)
        if len(self.in_work) < self.station.turns:
            self._begin(request, request.came)
        elif len(self.queue) < self.station.waiting:
            self.queue.append(request)
        else:
            self._refuse(request)

    def go_on(self, until: float) -> None:
        """What ends up to that time."""
        while self.in_work and self.in_work[0][0] <= until:
            end, request = heapq.heappop(self.in_work)
            if self.owed:
                heapq.heappush(self.in_work, (end + self.owed, request))
                self.owed = 0.0
                continue
            if request.counts:
                self.latencies.append(end - request.came)
            self._give_up(end)
            if self.queue:
                self._begin(self.queue.popleft(), end)

    def _begin(self, request: Request, now: float) -> None:
        heapq.heappush(self.in_work, (now + request.cost, request))

    def _give_up(self, now: float) -> None:
        while self.queue and self.queue[0].came + self.station.seconds <= now:
            self._refuse(self.queue.popleft())

    def _refuse(self, request: Request) -> None:
        self.refused += request.counts
        self.owed += self.station.refusal


def simulate(station: Station, arrivals: Times, costs: Times, seed: int = 0) -> Outcome:
    """What comes of requests that come at `arrivals` [n] and cost `costs` [n] seconds of a core."""
    workers = [Worker(station) for _ in range(station.workers)]
    first = round(WARMING * len(arrivals))
    for number, (drawn, came, cost) in enumerate(
        zip(_drawn(station, len(arrivals), seed), arrivals.tolist(), costs.tolist(), strict=True)
    ):
        candidates = [workers[one] for one in drawn]
        for worker in candidates:
            worker.go_on(came)
        chosen = min(candidates, key=lambda worker: worker.busy)
        chosen.take(Request(came, cost, number >= first))
    for worker in workers:
        worker.go_on(math.inf)
    latencies = np.sort(np.concatenate([np.array(worker.latencies) for worker in workers]))
    return Outcome(latencies, sum(worker.refused for worker in workers))


def _drawn(station: Station, count: int, seed: int) -> Iterator[list[int]]:
    """The workers that each request may go to."""
    if station.looks >= station.workers:
        yield from itertools.repeat([*range(station.workers)], count)
        return
    chance = np.random.default_rng(seed)
    yield from chance.integers(0, station.workers, (count, station.looks)).tolist()


def evenly(rate: float, count: int) -> Times:
    """So many requests at even spaces, `rate` a second."""
    return np.arange(count) / rate


def by_chance(rate: float, count: int, seed: int = 0) -> Times:
    """So many requests of many clients who know nothing of each other (a Poisson process)."""
    return np.cumsum(np.random.default_rng(seed).exponential(1 / rate, count))


def drawn_from(quantiles: Times, count: int, seed: int = 1) -> Times:
    """So many costs, each one of the given, which are equally likely."""
    return np.random.default_rng(seed).choice(quantiles, count)
