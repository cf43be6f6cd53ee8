"""Requests: how long answers take, and what so many a second need."""

import math

import numpy as np
from numpy.typing import NDArray

from docs.scaling.costs import Costs
from docs.scaling.machines import RATES, SMALL, USED
from docs.scaling.markdown import Table, duration, number, percent, size
from docs.scaling.queueing import Outcome, Station, by_chance, drawn_from, simulate

REQUESTS = 8_000
LOADS = (0.3, 0.6, 0.8, 0.9, 1.1, 5.0)
DEALT_LOADS = (0.6, 0.8)
QUANTILES = (0.5, 0.95, 0.99)
DAY = 86_400
BITS = 8

PREDICT = "/predict, a core's time, mean"
PREDICT_LARGE = "/predict of large photographs, a core's time, mean"
REFUSED = "/predict refused, a core's time"
SENT, SENT_LARGE = "a picture sent", "a large photograph sent"
ROW = "PostgreSQL: a prediction's row and its indices"


def quantiles(costs: Costs) -> NDArray[np.float64]:
    """Seconds of a core of a `/predict`: twenty values that are equally likely."""
    parts = [(2 * part + 1) / 40 for part in range(20)]
    return np.array([costs[f"/predict, a core's time, quantile {part:.3f}"] / 1000 for part in parts])


def outcome(costs: Costs, station: Station, rate: float) -> Outcome:
    """Of requests of many clients, `rate` a second."""
    drawn = drawn_from(quantiles(costs), REQUESTS)
    return simulate(station, by_chance(rate, REQUESTS), drawn)


def refusal(costs: Costs) -> float:
    """Seconds of a core."""
    return costs[REFUSED] / 1000


def load_table(costs: Costs) -> Table:
    """One small machine, its one worker given more and more to do."""
    capacity = SMALL.cores / float(quantiles(costs).mean())
    station = Station(workers=1, turns=SMALL.cores, refusal=refusal(costs))
    rows = []
    for load in LOADS:
        told = outcome(costs, station, load * capacity)
        rows.append([percent(load), number(load * capacity, 3), *_times(told), percent(told.refused_share)])
    return Table(["of what the cores can do", "asked a second", *_heads(), "refused"], rows)


def dealing_table(costs: Costs) -> Table:
    """One small machine again, its cores divided among workers."""
    capacity = SMALL.cores / float(quantiles(costs).mean())
    ways = {
        "one worker of 8 cores": Station(1, SMALL.cores, refusal=refusal(costs)),
        "8 workers of one core, dealt by chance": Station(SMALL.cores, refusal=refusal(costs)),
        "8 workers of one core, the less busy of two": Station(SMALL.cores, looks=2, refusal=refusal(costs)),
        "8 workers of one core, the least busy of all": Station(
            SMALL.cores, looks=SMALL.cores, refusal=refusal(costs)
        ),
    }
    rows = [
        [name, percent(load), *_times(outcome(costs, station, load * capacity))]
        for name, station in ways.items()
        for load in DEALT_LOADS
    ]
    return Table(["", "load", *_heads()], rows)


def requests_table(costs: Costs) -> Table:
    """What so many requests a second need, the gallery's search left out."""
    rows = []
    for rate in RATES:
        busy = rate * costs[PREDICT] / 1000
        cores = max(1, math.ceil(busy / USED))
        workers = math.ceil(cores / SMALL.cores)
        station = Station(workers, min(cores, SMALL.cores), looks=workers, refusal=refusal(costs))
        large = rate * costs[PREDICT_LARGE] / 1000
        rows.append(
            [
                f"{rate:,}",
                number(busy),
                f"{cores}",
                f"{SMALL.holding(cores=busy)}",
                *_times(outcome(costs, station, rate)),
                f"{math.ceil(large / USED)}",
                f"{_mbit(rate * costs[SENT])} ({_mbit(rate * costs[SENT_LARGE])})",
                f"{number(rate * DAY, 3)}",
                size(rate * DAY * costs[ROW]),
            ]
        )
    heading = ["a second", "cores busy", "cores", "small machines", *_heads(), "cores, photographs"]
    return Table([*heading, "Mbit/s (photographs)", "rows a day", "their room"], rows)


def _mbit(kilobytes: float) -> str:
    return number(kilobytes * BITS / 1000)


def _heads() -> list[str]:
    return [f"p{100 * share:.0f}" for share in QUANTILES]


def _times(told: Outcome) -> list[str]:
    return [duration(told.quantile(share)) for share in QUANTILES]
