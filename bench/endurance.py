"""Whether the service stays quick, honest and small: saturated, overloaded, promoted over, for long."""

import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.orm import Session

from backend.inference.manifest import read_manifest
from bench import trials
from bench.load import at_rate, percentile, saturate
from bench.report import Row
from bench.trials import Api, Place, resident_mb, serving
from databases import registry
from databases.schema import open_for_writing

PORT = 18_443
NO_CACHE = {"MENAGERIE_CACHED_ANSWERS": "0"}
PROMOTIONS, MIXED = 100, 10_000
OVERLOAD_SECONDS = 30.0
DEADLINE = 10.0  # MENAGERIE_WAITING_SECONDS
OVERLOAD = 10  # times what can be answered
CONNECTIONS = 1000


def rows(place: Place, data: Path, pictures: Path) -> Iterator[Row]:
    with serving(place, PORT, NO_CACHE) as api:
        yield _livez(api, pictures)
        yield from _overload(api, pictures)
    yield from _promotions(place, data)
    with serving(place, PORT, NO_CACHE) as api:
        yield from _memory(api, data)


def _livez(api: Api, pictures: Path) -> Row:
    with ThreadPoolExecutor(1) as pool:
        loaded = pool.submit(saturate, f"{api.client.base_url}/predict", pictures, 10.0, 32)
        times = []
        while not loaded.done():
            begin = time.perf_counter()
            api.client.get("/livez").raise_for_status()
            times.append(time.perf_counter() - begin)
            time.sleep(0.02)
    return Row("/livez while saturated, 99th percentile", 1000 * percentile(times, 0.99), "ms", 50, "lower")


def _overload(api: Api, pictures: Path) -> Iterator[Row]:
    address = f"{api.client.base_url}/predict"
    before = _rate(address, pictures)
    small = resident_mb(api)
    told = at_rate(address, pictures, OVERLOAD_SECONDS, connections=CONNECTIONS, rate=OVERLOAD * before)
    grown = resident_mb(api) - small
    after = _rate(address, pictures)
    accepted = [one.seconds for one in told if one.status == 200]
    refused = [one.seconds for one in told if one.status == 503]
    yield Row(
        "overloaded tenfold for 30 s: neither 200 nor 503",
        len(told) - len(accepted) - len(refused),
        "",
        0,
        "lower",
    )
    yield Row("refused with 503, 99th percentile", 1000 * percentile(refused, 0.99), "ms", 100, "lower")
    yield Row("accepted, slowest", percentile(accepted, 1), "s", DEADLINE, "lower")
    yield Row("memory that came with it", grown, "MB", 50, "lower")
    yield Row("speed after it, against before", after / before, "", 0.9, "higher")


def _rate(address: str, pictures: Path) -> float:
    """Answers a second, as the median of three: one alone differs by a tenth."""
    return statistics.median(saturate(address, pictures, 6.0).rate for _ in range(3))


def _promotions(place: Place, data: Path) -> Iterator[Row]:
    """Two models with other names for the same labels are promoted in turn, while clients ask."""
    first, second = place.starter.name, _renamed(place)
    engine = open_for_writing(place.settings["DATABASE_URL"])
    paths = trials.files_of(data / "cats-dogs")[:100]
    wrong: list[Any] = []
    seen: set[str] = set()
    over = threading.Event()

    def ask(client: httpx.Client, offset: int) -> int:
        asked = 0
        while not over.is_set():
            data = paths[(offset + asked) % len(paths)].read_bytes()
            asked += 1
            try:
                said = client.post("/predict", files={"file": data}).raise_for_status().json()
            except httpx.HTTPError as error:
                wrong.append(error)
                continue
            version = said["model"]["version"]
            seen.add(version)
            if any(one["label"].startswith("other ") != (version == second) for one in said["top_k"]):
                wrong.append(said)
        return asked

    with serving(place, PORT, NO_CACHE) as api, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, api.client, 12 * number) for number in range(8)]
        for number in range(PROMOTIONS):
            with Session(engine) as session, session.begin():
                registry.promote(session, second if number % 2 == 0 else first)
            time.sleep(1.2)  # they are taken up every second
        over.set()
        total = sum(one.result() for one in asked)
    yield Row(f"answers lost or mixed over 100 promotions, of {total}", len(wrong), "", 0, "lower")
    yield Row("models that answered meanwhile", len(seen), "", 2, "higher")


def _renamed(place: Place) -> str:
    version = "starter-2"
    folder = place.starter.with_name(version)
    shutil.copytree(place.starter, folder)
    manifest = read_manifest(folder)
    labels = tuple(f"other {label}" for label in manifest.labels)
    changed = manifest.model_copy(update={"version": version, "labels": labels})
    (folder / "manifest.json").write_text(changed.model_dump_json(), encoding="utf-8")
    with Session(open_for_writing(place.settings["DATABASE_URL"])) as session, session.begin():
        registry.register(session, changed, None)
    return version


def _memory(api: Api, data: Path) -> Iterator[Row]:
    """Ten thousand pictures of all kinds and sizes; the last thousands must need no more than the first. One
    reading may fall just behind memory's being given back, and so tells little."""
    kinds = ("cats-dogs", "animals-8", "awkward", "large", "hostile", "big-cats")
    paths = [path for kind in kinds for path in trials.files_of(data / kind)[:: 20 if kind != "large" else 1]]
    readings = []
    with ThreadPoolExecutor(8) as pool:
        for begun in range(0, MIXED, 1000):
            list(pool.map(lambda n: _ask(api, paths[n % len(paths)]), range(begun, begun + 1000)))
            readings.append(resident_mb(api))
    yield Row("resident memory of a worker over 10,000 mixed requests", max(readings), "MB", 400, "lower")
    added = statistics.median(readings[-3:]) - statistics.median(readings[:3])
    yield Row("and what it was more after the last three thousands than the first", added, "MB", 40, "lower")


def _ask(api: Api, path: Path) -> None:
    answer = api.predict(path.read_bytes())
    if answer.status_code >= 500:
        raise RuntimeError(f"{path} was answered {answer.status_code}")
