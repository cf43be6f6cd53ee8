"""The service under load: beside others that do the same, and at its limits.

MENAGERIE_DATA=... make bench-serving
"""

import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from backend.inference.cpu import available_cpus
from backend.inference.manifest import read_manifest
from bench import abuse, endurance, trials
from bench.load import Answer, at_rate, check_tools, percentile, saturate
from bench.naming import share_named
from bench.report import Row, measure
from bench.trials import Place, serving
from databases.settings import PROJECT
from training.cli.processes import started, wait_until_up
from training.quantising import MOST_LOST
from training.starter import INT8_VERSION, VERSION

PORT, PEERS_PORT = 18_441, 18_442
RIVALS = PROJECT / ".venv-rivals" / "bin" / "python"
SECONDS, ROUNDS = 6.0, 5
NOW_AND_THEN = 10  # requests a second, of which each finds the service at rest
MANY = 64  # connections
# What the README tells a busy site to do; but no answer is kept, or that would be all that is measured.
NO_CACHE = {"MENAGERIE_CACHED_ANSWERS": "0"}
BUSY = NO_CACHE | {"MENAGERIE_WORKERS": str(available_cpus())}
# Workers, threads of each, pictures of a batch: what LitServe's documents say to try.
BATCHING = [(1, 2, 4), (1, 2, 8), (2, 1, 4), (2, 1, 8)]
ONE_BY_ONE = (2, 1, 1)


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    check_tools()
    place = Place(temporary / "starter")
    place.menagerie("starter", "--int8")
    small, large = temporary / "cats-dogs.txt", temporary / "large.txt"
    small.write_text("".join(f"{path}\n" for path in trials.files_of(data / "cats-dogs")))
    large.write_text("".join(f"{path}\n" for path in sorted((data / "large").glob("*.jpg"))))
    yield from _integers(place, data)
    yield from _beside_others(place, small)
    yield from _beside_the_ceiling(place, small)
    full_size = [sys.executable, "-m", "bench.peers.full_size"]
    what = "large pictures, against the same server with Pillow's decoding in full size"
    yield Row(what, _ratio(place, full_size, large, NO_CACHE), "x", 4, "higher")
    yield from _latency(place, small)
    yield from endurance.rows(place, data, small)
    yield from abuse.rows(place, data)


def _integers(place: Place, data: Path) -> Iterator[Row]:
    """What the starter in integers is judged by, where it is what serves on this machine."""
    if place.starter.name != INT8_VERSION:
        return
    exact, count = share_named(place.starter.with_name(VERSION), data)
    int8, _ = share_named(place.starter, data)
    what = f"named rightly of {count} photographs"
    yield Row(f"{what}, in float32", exact, "", 0, "higher")
    yield Row(f"{what}, less in integers, which serve", exact - int8, "", MOST_LOST, "lower")


def _beside_others(place: Place, pictures: Path) -> Iterator[Row]:
    plain = [sys.executable, "-m", "bench.peers.plain_torch", str(PEERS_PORT)]
    served = read_manifest(place.starter).serving.file
    what = f"cats-dogs, 8 connections, {served}, against"
    yield Row(
        f"{what} FastAPI + Pillow + PyTorch eager in float32",
        _ratio(place, plain, pictures),
        "x",
        6,
        "higher",
    )
    model = place.starter / served
    ratios = {setting: _ratio(place, _litserve(model, *setting), pictures) for setting in BATCHING}
    (workers, threads, batch), ratio = min(ratios.items(), key=lambda item: item[1])
    best = f"at its best with {workers} workers of {threads} threads and batches of {batch}"
    yield Row(f"{what} LitServe with batching, {best}", ratio, "x", 2.5, "higher")
    alone = _ratio(place, _litserve(model, *ONE_BY_ONE), pictures)
    yield Row(f"{what} LitServe without batching, 2 workers of 1 thread", alone, "x", 1, "higher")


def _litserve(model: Path, *setting: int) -> list[str]:
    script = str(PROJECT / "bench" / "peers" / "litserve_onnx.py")
    return [str(RIVALS), script, str(PEERS_PORT), str(model), *map(str, setting)]


def _ratio(place: Place, peer: list[str], pictures: Path, settings: dict[str, str] = BUSY) -> float:
    """Our answers a second to the peer's, as the median of rounds in which one comes after the other. Who is
    not asked is stopped: some look for work all the time."""
    with serving(place, PORT, settings) as api, _peer(peer, place.settings | settings) as (other, process):
        ours, theirs = f"{api.client.base_url}/predict", f"{other}/predict"
        rounds = []
        for number in range(1 + ROUNDS):
            with _stopped(process):
                rate = _rate(ours, pictures)
            with _stopped(api.process):
                rounds.append((rate, _rate(theirs, pictures)))
            if number == 0:  # to warm up
                rounds.clear()
    print("  ".join(f"{ours:.1f}:{theirs:.1f}" for ours, theirs in rounds))  # noqa: T201
    return statistics.median(ours / theirs for ours, theirs in rounds)


def _rate(address: str, pictures: Path) -> float:
    load = saturate(address, pictures, SECONDS)
    if load.failed:
        raise RuntimeError(f"{address} failed {load.failed} times")
    return load.rate


@contextmanager
def _stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """With all that it started."""
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)


@contextmanager
def _peer(command: list[str], settings: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    base = f"http://127.0.0.1:{PEERS_PORT}"
    ours = {"MENAGERIE_PORT": str(PEERS_PORT), "MENAGERIE_LOG_LEVEL": "warning"}
    with started(command, settings | ours) as process:
        try:
            wait_until_up(command[-1], process, f"{base}/openapi.json")
            yield base, process
        finally:  # LitServe leaves its workers behind
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _beside_the_ceiling(place: Place, pictures: Path) -> Iterator[Row]:
    command = [sys.executable, "-m", "bench.peers.ceiling", str(place.starter), str(pictures), str(SECONDS)]
    shares, rates = [], []
    with serving(place, PORT, BUSY) as api:
        saturate(f"{api.client.base_url}/predict", pictures, SECONDS / 2)
        for _ in range(ROUNDS):
            rates.append(_rate(f"{api.client.base_url}/predict", pictures))
            told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
            shares.append(rates[-1] / float(told))
    yield Row("cats-dogs, 8 connections, answers", statistics.median(rates), "/s", 0, "higher")
    what = "the same, against decoding and inference in a loop on each core"
    yield Row(what, statistics.median(shares), "", 0.8, "higher")


def _latency(place: Place, pictures: Path) -> Iterator[Row]:
    """The median of one client, who asks now and then; the 99th percentile of many who together ask half as
    often as could be answered, at even spaces."""
    with serving(place, PORT, BUSY) as api:
        address = f"{api.client.base_url}/predict"
        saturate(address, pictures, SECONDS / 2)
        rounds = [_beside_alone(address, pictures) for _ in range(ROUNDS)]
    alone = statistics.median(alone for alone, _ in rounds)
    yield Row("/predict, one client, median", 1000 * alone, "ms", 35, "lower")
    what = "99th percentile at half of the peak rate, evenly spaced, in medians of one client"
    yield Row(what, statistics.median(p99 / alone for alone, p99 in rounds), "x", 4, "lower")


def _beside_alone(address: str, pictures: Path) -> tuple[float, float]:
    """In seconds."""
    alone = at_rate(address, pictures, SECONDS, connections=1, rate=NOW_AND_THEN)
    rate = _rate(address, pictures) / 2
    half = at_rate(address, pictures, 2 * SECONDS, connections=MANY, rate=rate)
    return percentile(_seconds(alone), 0.5), percentile(_seconds(half), 0.99)


def _seconds(answers: Sequence[Answer]) -> list[float]:
    if failed := [answer.status for answer in answers if answer.status != 200]:
        raise RuntimeError(f"{len(failed)} of {len(answers)} were answered {failed[0]}")
    return [answer.seconds for answer in answers]


if __name__ == "__main__":
    measure("serving", _rows)
