"""Replicas that share a database and a bucket, behind nginx: what one is told all know, none is missed."""

import http.client
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Mirror, bundle_folder
from backend.bundles.putting import put
from backend.inference.manifest import read_manifest
from bench.replica_set import Replica, balanced, nginx, passed_on, replicas
from bench.steady import Clients, Question
from databases import feedback, registry
from databases.places import RemoteFile
from databases.schema import open_for_writing
from tests.drawing import draw_class_folders, picture
from tests.object_store import Bucket
from tests.postgresql import empty
from tests.processes import free_port
from tests.tiny_bundle import make_bundle
from tests.waiting import SECONDS, wait_until
from training.indexing import index
from training.ingestion.run import SplitPlan, ingest
from training.ingestion.sources import open_source
from training.progress import Silent

REQUESTS = 300


@dataclass(frozen=True)
class Site:
    """Three replicas, and nginx before them at `port`; `bundles` as they are seen from here."""

    url: str
    port: int
    replicas: tuple[Replica, ...]
    bucket: Bucket
    engine: Engine
    bundles: Mirror
    folder: Path


def publish(engine: Engine, bundles: Mirror, folder: Path, version: str) -> None:
    """Adds a tiny bundle to the bucket, the registry and the gallery."""
    draft = make_bundle(folder / "drafts", version, "colours", embedder=f"of {version}")
    put(bundles, draft, version)
    with Session(engine) as session, session.begin():
        model = registry.register(session, read_manifest(bundle_folder(bundles, version)), None)
    index(engine, bundles, model, "colours", Silent())


@pytest.fixture
def site(postgresql: str, bucket: Bucket, s3: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """A library of drawn pictures in a bucket, and a tiny model there."""
    if nginx() is None:
        assert not os.environ.get("MENAGERIE_NGINX"), "nginx is not installed"
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    empty(postgresql)
    engine = open_for_writing(postgresql)
    bucket.put_folder(draw_class_folders(tmp_path / "pictures", per_label=4), "pictures")
    pictures = open_source(f"{bucket.url}/pictures")
    ingest(engine, pictures, name="colours", task="colours", plan=SplitPlan(), progress=Silent())
    mirror = Mirror(RemoteFile(f"{bucket.url}/bundles"), tmp_path / "copies")
    publish(engine, mirror, tmp_path, "colours-1")
    with Session(engine) as session, session.begin():
        registry.promote(session, "colours-1")
    settings = s3 | {"DATABASE_URL": postgresql, "MENAGERIE_BUNDLES": str(mirror.store)}
    ports, port = [free_port() for _ in range(3)], free_port()
    with (
        replicas(ports, settings, tmp_path) as all_of_them,
        balanced(port, ports, tmp_path / "nginx") as url,
    ):
        yield Site(url, port, all_of_them, bucket, engine, mirror, tmp_path)
    engine.dispose()


def test_replicas_know_the_same_and_nobody_hears_of_it_when_they_end_or_die(site: Site) -> None:
    """One test: what it tries takes longer to start than to try."""
    nobody_is_failed(site)
    what_people_send_is_kept_for_all(site)
    a_promotion_at_one_reaches_all(site)
    nginx_tells_errors_as_the_api_does(site)
    assert not any("Traceback" in one.log for one in site.replicas)


def nobody_is_failed(site: Site) -> None:
    pictures = [picture(colour, number) for colour in ("red", "green", "blue") for number in range(9)]
    questions = [Question("/similar?k=3" if n % 9 == 0 else "/predict", p) for n, p in enumerate(pictures)]
    with Clients(site.port, questions, clients=2, pause=0.01) as clients:
        for one, number in zip(site.replicas, (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL), strict=True):
            one.end(number)
            clients.wait_for(clients.told.asked + 20)  # the others answer alone
            one.start()
            one.wait()
        clients.wait_for(REQUESTS)
    assert clients.told.failed == []
    assert clients.told.asked >= REQUESTS
    assert passed_on(site.folder / "nginx") > 0


def what_people_send_is_kept_for_all(site: Site) -> None:
    data = picture("green", 77)
    with httpx.Client(base_url=site.url, timeout=SECONDS) as api:
        asked = api.post("/predict", files={"file": data}).json()["prediction_id"]
        # Another replica waits no longer than two seconds for what this one is still to write.
        wait_until(lambda: is_written(site.engine, asked))
        fields = {"prediction_id": asked, "correct": "true"}
        told = api.post("/feedback", data=fields, files={"file": data}).json()
    assert any(name.startswith("uploads/colours/") for name in site.bucket.names())
    for one in site.replicas:
        url = f"http://127.0.0.1:{one.port}/images/{told['image_id']}/content"
        assert httpx.get(url, timeout=SECONDS).content == data


def is_written(engine: Engine, prediction_id: str) -> bool:
    with Session(engine) as session:
        return feedback.find_prediction(session, prediction_id) is not None


def a_promotion_at_one_reaches_all(site: Site) -> None:
    publish(site.engine, site.bundles, site.folder, "colours-2")
    here = f"http://127.0.0.1:{site.replicas[0].port}"
    promoted = httpx.post(f"{here}/models/colours-2/promote", json={"force": True}, timeout=SECONDS)
    assert promoted.is_success
    for one in site.replicas:
        wait_until(lambda: serving(one) == "colours-2")  # noqa: B023 - it is called at once


def serving(one: Replica) -> str:
    ready = httpx.get(f"http://127.0.0.1:{one.port}/readyz", timeout=SECONDS).json()
    return str(ready["model"]["version"])


def nginx_tells_errors_as_the_api_does(site: Site) -> None:
    with httpx.Client(base_url=site.url, timeout=SECONDS) as api:
        assert api.get("/livez", headers={"X-Request-Id": "mine"}).headers["x-request-id"] == "mine"
        assert api.get("/metrics").status_code == 404
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    connection.putrequest("POST", "/predict")
    connection.putheader("Content-Length", str(40 * 2**20))
    connection.endheaders()
    refused = connection.getresponse()
    assert (refused.status, json.loads(refused.read())["code"]) == (413, "too_many_bytes")
    connection.close()
    for one in site.replicas:
        one.end()
    answer = httpx.get(f"{site.url}/readyz", timeout=SECONDS)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
