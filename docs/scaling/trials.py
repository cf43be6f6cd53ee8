"""The simulation held against the service itself, at rates that were tried."""

from docs.scaling.costs import Costs
from docs.scaling.markdown import Table, number, percent
from docs.scaling.queueing import Outcome, Station, drawn_from, evenly, simulate
from docs.scaling.serving import quantiles, refusal

# As bench/sizing/asking.py has it: of the time of two cores, each a worker's.
LOADS, WORKERS = (0.25, 0.5, 0.75), 2
REQUESTS = 8_000
QUANTILES = (0.5, 0.95, 0.99)


def trials_table(costs: Costs) -> Table:
    """Milliseconds, measured and simulated, and how far the simulation is off."""
    rows = []
    for load in LOADS:
        what = f"/predict at {load:g} of the cores' time"
        rate = costs[f"{what}, asked"]
        told, cells = simulated(costs, rate), []
        for share in QUANTILES:
            measured, thought = costs[f"{what}, quantile {share:g}"], 1000 * told.quantile(share)
            cells.append(f"{number(measured)} / {number(thought)} ({100 * (thought / measured - 1):+.0f} %)")
        rows.append([number(rate, 3), percent(load), *cells])
    return Table(["asked a second", "load", *(f"p{100 * share:.0f}, ms" for share in QUANTILES)], rows)


def simulated(costs: Costs, rate: float) -> Outcome:
    """What comes of requests at even spaces, of which a worker is dealt each by chance."""
    station = Station(WORKERS, refusal=refusal(costs))
    return simulate(station, evenly(rate, REQUESTS), drawn_from(quantiles(costs), REQUESTS))
