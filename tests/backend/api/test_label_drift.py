"""Whether a model's labels of late are those it learnt from is told at /metrics."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from scipy.spatial import distance
from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.api import label_drift, succession
from backend.api.app import create_app
from backend.api.label_drift import jensen_shannon_distance
from backend.api.metrics import Metrics
from backend.inference.manifest import read_manifest
from backend.inference.prediction import Prediction
from backend.inference.verdict import Verdict
from databases import registry
from databases.models import Embedding
from tests.backend.api.conftest import TASK, Library
from tests.backend.api.test_observed import ask
from tests.drawing import encode, picture
from tests.tiny_bundle import LABELS, make_bundle, write_manifest
from tests.waiting import wait_until

PRIOR = (0.5, 0.25, 0.25)
VERSION = "colours-1"
DRIFT = "menagerie_label_drift"
OTHERS = 50  # of pictures that the library does not hold, the first one's number

shares = st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any)


def answer(label: str, verdict: Verdict = "confident") -> Prediction:
    nothing = np.zeros(3, np.float32)
    return Prediction(label, 0.9, verdict, "", nothing, nothing.astype(np.int64), nothing, None)


def values(text: bytes, name: str) -> dict[str, float]:
    """Of one metric, by label, or by version where it has none."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            if sample.name == name:
                found[sample.labels.get("label", sample.labels["version"])] = sample.value
    return found


@pytest.fixture
def metrics(bundles: Path) -> Metrics:
    """Of a model that learnt from twice as many red pictures as green or blue ones."""
    metrics = Metrics()
    metrics.serve(read_manifest(make_bundle(bundles, label_prior=PRIOR)))
    return metrics


@given(shares, shares)
def test_the_distance_is_what_scipy_says(some: list[int], others: list[int]) -> None:
    p, q = np.array(some) / sum(some), np.array(others) / sum(others)
    assert jensen_shannon_distance(p, q) == pytest.approx(distance.jensenshannon(p, q, base=2), abs=1e-7)


def test_the_distance_is_0_of_the_same_and_1_of_what_has_nothing_in_common() -> None:
    assert jensen_shannon_distance(PRIOR, PRIOR) == 0
    assert jensen_shannon_distance((1, 0), (0, 1)) == 1


def test_a_hundred_answers_are_waited_for(metrics: Metrics) -> None:
    for _ in range(99):
        metrics.answer(VERSION, answer("red"))
    assert math.isnan(values(metrics.as_text(), DRIFT)[VERSION])
    metrics.answer(VERSION, answer("red"))
    expected = distance.jensenshannon(PRIOR, (1, 0, 0), base=2)
    assert values(metrics.as_text(), DRIFT) == {VERSION: pytest.approx(expected)}
    told = values(metrics.as_text(), "menagerie_label_share_expected")
    assert told == dict(zip(LABELS, PRIOR, strict=True))


def test_only_the_last_thousand_count(metrics: Metrics) -> None:
    for label, times in (("blue", 700), ("red", 500), ("green", 250), ("blue", 250)):
        for _ in range(times):
            metrics.answer(VERSION, answer(label))
    assert values(metrics.as_text(), DRIFT)[VERSION] == 0
    assert values(metrics.as_text(), "menagerie_label_recent") == {"red": 500, "green": 250, "blue": 250}


def test_what_shows_no_animal_and_what_another_model_said_do_not_count(metrics: Metrics) -> None:
    for _ in range(200):
        metrics.answer(VERSION, answer("red", "not_an_animal"))
        metrics.answer("colours-0", answer("red"))
    assert sum(values(metrics.as_text(), "menagerie_label_recent").values()) == 0
    metrics.answer(VERSION, answer("green", "unsure"))
    assert values(metrics.as_text(), "menagerie_label_recent")["green"] == 1


def test_many_threads_lose_no_answer(metrics: Metrics) -> None:
    def say(label: str) -> None:
        for _ in range(1000):
            metrics.answer(VERSION, answer(label))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(say, LABELS * 2))
    counts = values(metrics.as_text(), "menagerie_label_recent")
    assert sum(counts.values()) == label_drift.WINDOW
    assert min(counts.values()) >= 0


@pytest.fixture
def drifting(small_library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A service that tells the drift from four answers on, and soon sees who was promoted."""
    monkeypatch.setattr(label_drift, "LEAST", 4)
    monkeypatch.setattr(succession, "CHECK_SECONDS", 0.01)
    write_manifest(small_library.bundles / VERSION, VERSION, TASK, {"label_prior": PRIOR})
    with TestClient(create_app(small_library.settings)) as client:
        yield client


def drift(client: TestClient) -> dict[str, float]:
    return values(client.get("/metrics").content, DRIFT)


def test_the_service_tells_the_drift_of_what_it_answers(drifting: TestClient) -> None:
    for colour in ("red", "red", "green"):
        ask(drifting, picture(colour, OTHERS))
    assert ask(drifting, encode(Image.new("RGB", (48, 32), "grey"))).json()["verdict"] == "not_an_animal"
    assert math.isnan(drift(drifting)[VERSION])
    ask(drifting, picture("blue", OTHERS))
    assert drift(drifting) == {VERSION: 0}
    for number in range(4):
        ask(drifting, picture("blue", OTHERS + number))
    assert 0.2 < drift(drifting)[VERSION] < 0.6


def test_pictures_of_the_library_are_no_sign_of_drift(drifting: TestClient) -> None:
    for number in range(4):
        ask(drifting, picture("blue", number))
    assert math.isnan(drift(drifting)[VERSION])
    for number in range(4):
        ask(drifting, picture("blue", OTHERS + number))
    assert drift(drifting)[VERSION] > 0.5


def test_nor_are_they_where_the_model_has_not_looked_at_the_library_yet(
    drifting: TestClient, small_library: Library
) -> None:
    succeed(drifting, small_library, "colours-2", PRIOR)  # the model before it goes on recommending
    for number in range(4):
        ask(drifting, picture("blue", number))
    assert math.isnan(drift(drifting)["colours-2"])
    with Session(small_library.engine) as session, session.begin():
        session.execute(delete(Embedding))
    with TestClient(create_app(small_library.settings)) as alone:  # nothing recommends
        for number in range(4):
            ask(alone, picture("blue", number))
        assert math.isnan(drift(alone)["colours-2"])
        for number in range(4):
            ask(alone, picture("blue", OTHERS + number))
        assert drift(alone)["colours-2"] > 0.5


def test_another_model_begins_anew(drifting: TestClient, small_library: Library) -> None:
    for number in range(4):
        ask(drifting, picture("blue", OTHERS + number))
    assert drift(drifting)[VERSION] > 0.5
    for version, prior in (("colours-2", (0.0, 0.0, 1.0)), ("colours-3", None)):
        succeed(drifting, small_library, version, prior)
        for number in range(4):
            ask(drifting, picture("blue", OTHERS + number))
        assert drift(drifting) == ({} if prior is None else {version: 0})
    told = drifting.get("/metrics").text
    assert "menagerie_label_share_expected" not in told
    assert "menagerie_label_recent" not in told


def succeed(client: TestClient, library: Library, version: str, prior: tuple[float, ...] | None) -> None:
    manifest = read_manifest(make_bundle(library.bundles, version, label_prior=prior))
    with Session(library.engine) as session, session.begin():
        registry.register(session, manifest, None)
        registry.promote(session, version)
    wait_until(lambda: client.get("/readyz").json()["model"]["version"] == version)
