"""Three replicas behind nginx, one PostgreSQL, one S3 with bundles and pictures: one after the other is
restarted, one is killed, and clients ask all the while.

MENAGERIE_DATA=... make bench-ship
"""

import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import trials
from bench.load import percentile
from bench.replica_set import Replica, balanced, passed_on, replicas
from bench.report import Row, measure
from bench.similar.servers import postgresql
from bench.steady import Clients, Question
from bench.trials import Place
from tests.object_store import make_bucket, s3_server
from tests.processes import free_port

REQUESTS, CLIENTS = 20_000, 8
LIBRARY, ASKED = 240, 400  # pictures
LIKENESS = 10  # of so many requests one is for pictures like it
CALM_SECONDS = 3.0  # between one that is back and the next


@dataclass(frozen=True)
class SharedPlace(Place):
    """A place whose state lies in a database and a bucket, as `shared` tells."""

    shared: Mapping[str, str]

    @property
    def settings(self) -> dict[str, str]:
        return dict(self.shared)


def rows(data: Path, work: Path) -> Iterator[Row]:
    with postgresql(work / "postgresql") as database, s3_server(work / "s3.log") as s3:
        bucket = make_bucket("menagerie", s3)
        for label in ("cat", "dog"):
            for path in _pictures(data, label, LIBRARY // 2):
                bucket.put(f"pictures/{label}/{path.name}", path.read_bytes())
        settings = s3 | {"DATABASE_URL": database, "MENAGERIE_BUNDLES": f"{bucket.url}/bundles"}
        settings |= {
            "MENAGERIE_TRACKING": "off",
            "MENAGERIE_DUPLICATES": "hash",
            "MENAGERIE_LOG_LEVEL": "warning",
        }
        _train(settings | {"MENAGERIE_CACHE": str(work / "training")}, bucket.url, work)
        ports = [free_port() for _ in range(3)]
        with (
            replicas(ports, settings, work) as all_of_them,
            balanced(port := free_port(), ports, work / "nginx"),
        ):
            yield from _under_load(port, all_of_them, data, work)


def _train(settings: dict[str, str], bucket: str, work: Path) -> None:
    place = SharedPlace(work, settings)
    place.menagerie("ingest", f"{bucket}/pictures", "--task", "cats-dogs")
    place.menagerie("train", "--promote")
    shutil.rmtree(work / "training")  # replicas have what is in the bucket


def _under_load(port: int, all_of_them: tuple[Replica, ...], data: Path, work: Path) -> Iterator[Row]:
    pictures = [p.read_bytes() for label in ("cat", "dog") for p in _pictures(data, label, ASKED // 2)]
    paths = ("/predict" if n % LIKENESS else "/similar?k=5" for n in range(len(pictures)))
    questions = [Question(path, picture) for path, picture in zip(paths, pictures, strict=True)]
    begun = time.perf_counter()
    with Clients(port, questions, CLIENTS, REQUESTS) as clients:
        clients.wait_for(REQUESTS // 20)
        restarts = _restart_each(all_of_them, clients)
        killed = _kill(all_of_them[1], clients)
    took = time.perf_counter() - begun
    told = clients.told
    sys.stderr.writelines(f"{one}\n" for one in told.failed[:10])
    yield Row("3 replicas, requests, a tenth of them /similar", told.asked, "", REQUESTS, "higher")
    yield Row("failed, through a rolling restart and one kill -9", len(told.failed), "", 0, "lower")
    yield Row("replicas restarted under load, one with nothing in its cache", restarts, "", 3, "higher")
    yield Row("killed under load, and started again", killed, "", 1, "higher")
    yield Row("requests that nginx took to another replica", passed_on(work / "nginx"), "", 1, "higher")
    yield Row("the slowest answer", percentile(told.seconds, 1), "s", 10, "lower")
    yield Row("answers a second", told.asked / took, "", 1, "higher")


def _restart_each(all_of_them: tuple[Replica, ...], clients: Clients) -> int:
    restarted = 0
    for one in all_of_them:
        one.end()
        if one is all_of_them[0]:  # as on a machine that it was never on
            shutil.rmtree(one.cache)
        one.start()
        one.wait()
        restarted += clients.busy
        time.sleep(CALM_SECONDS)
    return restarted


def _kill(one: Replica, clients: Clients) -> int:
    clients.wait_for(REQUESTS * 3 // 4)
    one.end(signal.SIGKILL)
    time.sleep(CALM_SECONDS)
    one.start()
    one.wait()
    return int(clients.busy)


def _pictures(data: Path, label: str, count: int) -> list[Path]:
    return [path for path in trials.files_of(data / "cats-dogs") if label in str(path.parent)][:count]


if __name__ == "__main__":
    measure("ship", rows)
