"""What was answered of late, against what the model learnt from."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from backend.api import drifting
from backend.api.label_drift import distance_by_chance, jensen_shannon_distance
from databases import predictions
from databases.models import Image, Root
from databases.predictions import NewPrediction
from tests.backend.api.conftest import Library
from tests.backend.api.registered import add_model, pictures
from tests.drawing import picture
from tests.waiting import wait_until

PRIOR = (0.5, 0.25, 0.25)


def answered(
    small: Library,
    label: str,
    count: int,
    *,
    days_ago: int = 0,
    verdict: str = "confident",
    score: float = 0.9,
    version: str = "colours-2",
    sha256: str = "0" * 64,
) -> None:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    rows = [
        NewPrediction(uuid.uuid4().hex, sha256, version, label, score, verdict, 10.0 + number, at)
        for number in range(count)
    ]
    with Session(small.engine) as session, session.begin():
        predictions.record_predictions(session, rows)


def drift(client: TestClient, **asked: str | int) -> dict[str, Any]:
    response = client.get("/drift", params={"version": "colours-2", **asked})
    assert response.status_code == 200
    told: dict[str, Any] = response.json()
    return told


@pytest.fixture
def small_library(small_library: Library) -> Library:
    """With a second model that tells how frequent its labels were."""
    add_model(small_library, "colours-2", label_prior=PRIOR)
    return small_library


def test_labels_of_the_last_days_are_held_against_what_was_learnt(
    client: TestClient, small_library: Library
) -> None:
    answered(small_library, "red", 60)
    answered(small_library, "green", 60, days_ago=1, verdict="unsure", score=0.4)
    answered(small_library, "blue", 30, verdict="not_an_animal", score=0.5)
    answered(small_library, "blue", 10, version="colours-1")  # another model's
    answered(small_library, "blue", 10, days_ago=9)  # long ago
    told = drift(client)
    assert told["labels"] == [
        {"label": "red", "answers": 60, "share": 0.5, "expected": 0.5},
        {"label": "green", "answers": 60, "share": 0.5, "expected": 0.25},
        {"label": "blue", "answers": 0, "share": 0, "expected": 0.25},
    ]
    assert told["distance"] == pytest.approx(jensen_shannon_distance(PRIOR, (0.5, 0.5, 0)))
    assert told["answers"] == 150
    assert told["unsure"] == pytest.approx(60 / 150)
    assert told["not_an_animal"] == pytest.approx(30 / 150)
    assert told["mean_score"] == pytest.approx((60 * 0.9 + 60 * 0.4 + 30 * 0.5) / 150)


def test_questions_about_pictures_that_the_library_held_are_counted_apart(
    client: TestClient, small_library: Library
) -> None:
    own = pictures(small_library)[0].sha256
    answered(small_library, "red", 60)
    answered(small_library, "blue", 40, sha256=own, score=0.1)
    answered(small_library, "green", 60, sha256=own, days_ago=2)  # it was not there yet
    told = drift(client)
    assert (told["answers"], told["of_library"]) == (120, 40)
    assert [label["answers"] for label in told["labels"]] == [60, 60, 0]
    assert [day["answers"] for day in told["days"][-3:]] == [60, 0, 60]
    assert told["mean_score"] == pytest.approx(0.9)


def test_pictures_of_another_task_are_not_its_librarys(client: TestClient, small_library: Library) -> None:
    with Session(small_library.engine) as session, session.begin():
        other = Root(name="other", uri="/other", task="other")
        session.add(other)
        session.flush()
        session.add(
            Image(
                root_id=other.id,
                uri="1.jpg",
                file_name="1.jpg",
                bytes=1,
                modified_ns=1,
                sha256="1" * 64,
                status="ok",
            )
        )
    answered(small_library, "red", 3, sha256="1" * 64)
    told = drift(client)
    assert (told["answers"], told["of_library"]) == (3, 0)


def test_what_is_asked_about_the_librarys_own_pictures_is_no_drift(client: TestClient) -> None:
    for data in (picture("red", 0), picture("red", 90)):
        assert client.post("/predict", files={"file": ("x.jpg", data)}).status_code == 200
    wait_until(lambda: client.get("/drift").json()["answers"] == 1)
    assert client.get("/drift").json()["of_library"] == 1


def test_days_follow_one_another_to_today_also_those_without_answers(
    client: TestClient, small_library: Library
) -> None:
    answered(small_library, "red", 3, days_ago=2, verdict="unsure", score=0.25)
    answered(small_library, "red", 1)
    days = drift(client, days=3)["days"]
    assert [day["answers"] for day in days] == [3, 0, 1]
    assert [day["unsure"] for day in days] == [1.0, None, 0.0]
    assert [day["mean_score"] for day in days] == [0.25, None, pytest.approx(0.9)]
    assert days[-1]["day"] == datetime.now(UTC).date().isoformat()


def test_latency_is_told_by_median_and_worst_of_twenty(client: TestClient, small_library: Library) -> None:
    assert drift(client)["latency"] is None
    answered(small_library, "red", 101)
    assert drift(client)["latency"] == {"median_ms": 60.0, "p95_ms": 105.0, "answers": 101}


def test_of_few_answers_and_without_a_prior_no_distance_is_told(
    client: TestClient, small_library: Library
) -> None:
    answered(small_library, "red", 99)
    told = drift(client)
    assert (told["distance"], told["by_chance"]) == (None, None)
    answered(small_library, "red", 200, version="colours-1")
    told = drift(client, version="colours-1")
    assert (told["answers"], told["distance"]) == (200, None)
    assert client.get("/drift").json()["version"] == "colours-1"


def test_a_busy_day_is_read_in_part_and_says_so(
    client: TestClient, small_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drifting, "MOST_A_DAY", 5)
    answered(small_library, "red", 7)
    (day,) = drift(client, days=1)["days"]
    assert (day["answers"], day["capped"]) == (5, True)


@pytest.mark.parametrize("asked", [{"days": 0}, {"days": 32}, {"version": "colours-9"}])
def test_impossible_questions_are_problems(client: TestClient, asked: dict[str, str | int]) -> None:
    assert client.get("/drift", params=asked).status_code in (404, 422)


def test_what_chance_does_to_labels_is_told_well_enough() -> None:
    rng = np.random.default_rng(0)
    shares = [0.3, 0.2, 0.2, 0.1, 0.1, 0.1]
    for answers in (100, 1000):
        draws = rng.multinomial(answers, shares, 2000) / answers
        distances = [jensen_shannon_distance(shares, draw) for draw in draws]
        exceeded = np.mean(np.array(distances) > distance_by_chance(len(shares), answers))
        assert 0.03 < exceeded < 0.07
