"""`/similar` tells the same, whichever database the library lies in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create_app
from tests.backend.api.conftest import Library
from tests.backend.api.test_runbook import on_postgresql
from tests.drawing import picture

ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"label": "any"},
    {"label": "any", "k": 3},
    {"label": "blue", "split": "train"},
    {"label": "any", "diversity": 0.5, "k": 5},
    {"source": "colours", "since": "2026-01-01", "before": "9999-12-31"},
    {"since": "9999-12-31"},
    {"image_id": 3},
    {"image_id": 3, "label": "any"},
    {"image_id": 99},
    {"label": "purple"},
)


def ask_all(client: TestClient) -> Iterator[tuple[int, Any]]:
    for asked in ASKED:
        files = {} if "image_id" in asked else {"file": picture("red", 99)}
        answer = client.post("/similar", params=asked, files=files)
        yield answer.status_code, answer.json()


@pytest.fixture
def elsewhere(small_library: Library, postgresql: str, tmp_path: Path) -> Iterator[TestClient]:
    """Asks the same library in PostgreSQL."""
    library = on_postgresql(small_library, postgresql, tmp_path)
    with TestClient(create_app(library.settings), raise_server_exceptions=False) as client:
        yield client


def test_answers_are_those_of_sqlite(client: TestClient, elsewhere: TestClient) -> None:
    told = list(ask_all(client))
    assert list(ask_all(elsewhere)) == told
    assert [status for status, _ in told] == [200] * (len(ASKED) - 2) + [404] * 2


def test_a_text_that_postgresql_does_not_keep_is_refused(elsewhere: TestClient) -> None:
    answer = elsewhere.post("/predict", files={"file": picture("red")}).json()
    said = {"prediction_id": answer["prediction_id"], "correct": True, "comment": "so \0 it is"}
    answers = [
        elsewhere.post("/similar?label=%00", files={"file": picture("red")}),
        elsewhere.get("/models/%00"),
        elsewhere.post("/feedback", json=said),
    ]
    told = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert told == [(422, "invalid_request")] * 3
