"""Simulated queues are as queueing theory says where that has a formula, and follow the service's rules."""

import math

import numpy as np
import pytest

from backend.api.settings import Settings
from docs.scaling.queueing import Station, by_chance, drawn_from, evenly, simulate

MANY = 30_000


def test_mean_latency_of_one_core_is_the_formulas() -> None:
    costs = np.random.default_rng(5).exponential(0.01, MANY)
    told = simulate(Station(1, waiting=MANY, seconds=math.inf), by_chance(60, MANY), costs)
    assert told.latencies.mean() == pytest.approx(1 / (100 - 60), rel=0.05)  # M/M/1
    assert told.refused == 0


def test_costs_that_are_all_alike_wait_half_as_long() -> None:
    costs = np.full(MANY, 0.01)
    told = simulate(Station(1, waiting=MANY, seconds=math.inf), by_chance(60, MANY), costs)
    waited = 0.6 / (2 * (1 - 0.6)) * 0.01  # M/D/1, Pollaczek and Khinchine
    assert told.latencies.mean() - 0.01 == pytest.approx(waited, rel=0.05)


def test_share_that_waits_for_several_cores_is_erlangs() -> None:
    cores, offered = 4, 2.8
    arrivals, costs = by_chance(offered / 0.01, MANY), np.random.default_rng(6).exponential(0.01, MANY)
    told = simulate(Station(1, cores, waiting=MANY, seconds=math.inf), arrivals, costs)
    terms = [offered**n / math.factorial(n) for n in range(cores)]
    last = offered**cores / math.factorial(cores) * cores / (cores - offered)
    waits = last / (sum(terms) + last)
    mean = 0.01 + waits * 0.01 / (cores - offered)
    assert told.latencies.mean() == pytest.approx(mean, rel=0.05)


def test_share_that_is_refused_is_erlangs_where_none_may_wait() -> None:
    costs = np.random.default_rng(7).exponential(0.01, MANY)
    told = simulate(Station(1, 2, waiting=0), by_chance(150, MANY), costs)
    offered = 1.5
    blocked = (offered**2 / 2) / (1 + offered + offered**2 / 2)  # Erlang B
    assert told.refused_share == pytest.approx(blocked, rel=0.05)


def test_who_waits_longer_than_is_allowed_is_refused() -> None:
    arrivals = np.zeros(10)
    told = simulate(Station(1, waiting=9, seconds=2.5), arrivals, np.ones(10))
    counted = told.latencies.tolist()  # the first two are not counted
    assert (counted, told.refused) == ([3.0], 7)


def test_refusals_take_time_from_what_is_accepted() -> None:
    arrivals, costs = evenly(1000, 20_000), np.full(20_000, 0.01)
    free, dear = (simulate(Station(1, refusal=cost), arrivals, costs) for cost in (0.0, 0.0005))
    assert free.refused_share == pytest.approx(0.9, abs=0.01)
    assert len(dear.latencies) == pytest.approx(0.55 * len(free.latencies), rel=0.05)
    assert dear.quantile(0.5) > 1.5 * free.quantile(0.5)


def test_the_less_busy_of_two_makes_the_slowest_faster() -> None:
    arrivals, costs = by_chance(480, MANY), np.full(MANY, 0.01)
    chance, chosen = (simulate(Station(8, looks=looks), arrivals, costs) for looks in (1, 2))
    assert chosen.quantile(0.99) < 0.6 * chance.quantile(0.99)


def test_a_queue_is_as_long_as_the_services() -> None:
    station, settings = Station(1), Settings(database_url="sqlite://", bundles="bundles")
    assert (station.waiting, station.seconds) == (settings.max_waiting, settings.waiting_seconds)


def test_the_same_seed_gives_the_same_numbers() -> None:
    quantiles = np.array([0.01, 0.02])
    runs = [simulate(Station(3), by_chance(90, 500), drawn_from(quantiles, 500)) for _ in range(2)]
    assert runs[0].latencies.tolist() == runs[1].latencies.tolist()
