"""What `/predict` costs, and how long it takes at several rates: what the simulation starts from, and what it
is held against."""

import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from backend.api.settings import ENVELOPE
from backend.inference.cpu import available_cpus
from bench.load import Answer, at_rate, percentile, saturate
from bench.report import Row
from bench.sizing.cpu import busy, used, used_by_first
from bench.sizing.figure import figure
from bench.trials import Api, Place, files_of, serving

Told = TypeVar("Told")
PORT = 18_461
ALONE = {"MENAGERIE_CACHED_ANSWERS": "0"}
BUSY = ALONE | {"MENAGERIE_WORKERS": str(available_cpus())}
PICTURES, REPEATED, WARM = 200, 5, 20
# The middles of twenty equally likely parts: what stands for the distribution.
PARTS = tuple((2 * part + 1) / 40 for part in range(20))
SATURATED_SECONDS, PACED_SECONDS, CONNECTIONS = 6.0, 8.0, 64
LOADS = (0.25, 0.5, 0.75)
ROUNDS, TRIES = 3, 5
# Of the machine that other programs may take, in a round that counts.
QUIET = 0.1


@dataclass(frozen=True)
class Round(Generic[Told]):
    """What a load `told`, and the share of the machine that neither it nor the service took meanwhile."""

    told: Told
    others: float


def rows(place: Place, data: Path, temporary: Path) -> Iterator[Row]:
    """On the cats and dogs, no answers kept; the gallery is empty."""
    paths = files_of(data / "cats-dogs")
    listed = temporary / "cats-dogs.txt"
    listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    size = statistics.mean(path.stat().st_size for path in paths)
    yield figure("a picture sent", size / 1000, "kB")
    with serving(place, PORT, ALONE | {"MENAGERIE_THREADS": "1"}) as api:
        before = used_by_first(api.process.pid)
        costs = _one_by_one(api, paths)
        shared = 1000 * (used_by_first(api.process.pid) - before) / (len(costs) + WARM)
        yield figure("/predict, a core's time, mean", statistics.mean(costs), "ms")
        yield figure("/predict, of that the thread that all requests of a process share", shared, "ms")
        for part in PARTS:
            yield figure(
                f"/predict, a core's time, quantile {part:.3f}", float(np.quantile(costs, part)), "ms"
            )
        large = sorted((data / "large").glob("*.jpg"))
        size = statistics.mean(path.stat().st_size for path in large)
        yield figure("a large photograph sent", size / 1000, "kB")
        costs_of_large = _one_by_one(api, large)
        yield figure(
            "/predict of large photographs, a core's time, mean", statistics.mean(costs_of_large), "ms"
        )
        yield figure("/predict, an answer's body", len(api.predict(paths[0].read_bytes()).content), "bytes")
    with serving(place, PORT, BUSY) as api:
        yield from _at_rates(api, listed, statistics.mean(costs) / 1000)
    with serving(place, PORT, {"MENAGERIE_MAX_UPLOAD_BYTES": "1"}) as api:
        yield figure("/predict refused, a core's time", _refusal(api), "ms")


def _one_by_one(api: Api, paths: list[Path]) -> list[float]:
    """Milliseconds of a core that each of some pictures costs the service, with all that is done for it."""
    count = min(PICTURES, REPEATED * len(paths))
    some = [paths[number * len(paths) // count % len(paths)] for number in range(count)]
    for path in some[:WARM]:
        api.predict(path.read_bytes()).raise_for_status()
    costs = []
    for path in some:
        content = path.read_bytes()
        before = used(api.process.pid)
        api.predict(content).raise_for_status()
        costs.append(1000 * (used(api.process.pid) - before))
    return costs


def _at_rates(api: Api, listed: Path, cost: float) -> Iterator[Row]:
    """`cost`: seconds of a core of one request."""
    address = f"{api.client.base_url}/predict"
    saturate(address, listed, SATURATED_SECONDS / 2)
    done = _quiet_rounds(api, lambda: saturate(address, listed, SATURATED_SECONDS).rate)
    rate = statistics.median(each.told for each in done)
    yield figure("/predict, saturated", rate, "/s")
    for load in LOADS:
        yield from _at_load(api, listed, load, available_cpus() / cost)


def _at_load(api: Api, listed: Path, load: float, rate: float) -> Iterator[Row]:
    address = f"{api.client.base_url}/predict"

    def paced() -> list[Answer]:
        return at_rate(address, listed, PACED_SECONDS, connections=CONNECTIONS, rate=load * rate)

    done, what = _quiet_rounds(api, paced), f"/predict at {load:g} of the cores' time"
    yield figure(f"{what}, asked", load * rate, "/s")
    yield figure(f"{what}, the machine's share for others", max(each.others for each in done), "")
    for share in (0.5, 0.95, 0.99):
        times = [percentile([one.seconds for one in each.told], share) for each in done]
        yield figure(f"{what}, quantile {share:g}", 1000 * statistics.median(times), "ms")


def _quiet_rounds(api: Api, load: Callable[[], Told]) -> list[Round[Told]]:
    """The quietest three of as many rounds as it takes for three to be quiet, or of all there is time for."""
    done: list[Round[Told]] = []
    while sum(each.others <= QUIET for each in done) < ROUNDS and len(done) < TRIES:
        begin, before = time.perf_counter(), _ours(api) - busy()
        told = load()
        others = before - _ours(api) + busy()
        done.append(Round(told, max(0.0, others / (time.perf_counter() - begin) / available_cpus())))
    return sorted(done, key=lambda each: each.others)[:ROUNDS]


def _ours(api: Api) -> float:
    """Seconds of a core that the service, this process and the loads that ended have used."""
    mine, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return used(api.process.pid) + sum(one.ru_utime + one.ru_stime for one in (mine, ended))


def _refusal(api: Api) -> float:
    """Milliseconds of a core that a request costs which is refused before its body is read, as one for which
    too many wait is too."""
    body = bytes(ENVELOPE + 1000)
    for _ in range(WARM):
        api.client.post("/predict", content=body)
    before = used(api.process.pid)
    answers = [api.client.post("/predict", content=body).status_code for _ in range(PICTURES)]
    if set(answers) != {HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
        raise RuntimeError(f"answered {sorted(set(answers))}")
    return 1000 * (used(api.process.pid) - before) / PICTURES
