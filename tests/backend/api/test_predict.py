import hashlib
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from databases.models import Prediction
from tests.backend.api.conftest import Library
from tests.drawing import encode, picture


def post(client: TestClient, data: bytes, **params: Any) -> Any:
    return client.post("/predict", files={"file": ("a.jpg", data)}, params=params)


def test_two_pictures_are_named_each_for_what_it_shows(client: TestClient) -> None:
    for colour in ("red", "blue"):
        answer = post(client, picture(colour, 50)).json()
        assert answer["label"] == colour
        assert answer["verdict"] == "confident"
        assert answer["score"] == answer["top_k"][0]["score"] > 0.9
        assert answer["model"] == {"task": "colours", "version": "colours-1"}
        assert colour in answer["sentence"]


def test_scores_are_those_of_the_predictor(client: TestClient, small_library: Library) -> None:
    image = Image.new("RGB", (20, 20), (200, 120, 10))
    expected = small_library.predictor.predict([image])[0]
    answer = post(client, encode(image, "PNG"), top_k=3).json()
    by_label = {entry["label"]: entry["score"] for entry in answer["top_k"]}
    for label, score in zip(("red", "green", "blue"), expected.scores, strict=True):
        assert by_label[label] == pytest.approx(float(score), abs=1e-6)
    assert answer["novelty"] == pytest.approx(expected.novelty, abs=1e-6)


def test_top_k_says_how_many_labels_are_listed_best_first(client: TestClient) -> None:
    for k, count in ((1, 1), (2, 2), (50, 3)):
        scores = [entry["score"] for entry in post(client, picture("green"), top_k=k).json()["top_k"]]
        assert len(scores) == count
        assert scores == sorted(scores, reverse=True)


def test_a_picture_without_an_animal_gets_that_verdict(client: TestClient) -> None:
    answer = post(client, encode(Image.new("RGB", (30, 30), "grey"), "PNG")).json()
    assert answer["verdict"] == "not_an_animal"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 415, "empty_file"),
        (b"hello", 415, "unsupported_format"),
        (picture("red")[:500], 415, "truncated_image"),
        (b"x" * 250_000, 413, "too_many_bytes"),
        (b"x" * 400_000, 413, "too_many_bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_problem_with_a_code(
    client: TestClient, data: bytes, status: int, code: str
) -> None:
    response = post(client, data)
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["detail"]


def test_a_body_without_a_file_is_a_problem(client: TestClient) -> None:
    as_text = {"data": {"file": "cat.jpg"}}
    for body in ({"files": {"picture": picture("red")}}, {"json": {"file": 1}}, {}, as_text):
        response = client.post("/predict", **body)
        assert response.status_code == 422
        assert response.json()["code"] == "invalid_request"
        expected = "send the picture as the file of a form, as this does: curl -F file=@cat.jpg ..."
        assert response.json()["detail"] == expected


@pytest.mark.parametrize(
    ("top_k", "detail"),
    [
        ("0", "top_k should be greater than or equal to 1, not '0'"),
        ("many", "top_k should be a valid integer, not 'many'"),
        ("x" * 999, f"top_k should be a valid integer, not '{'x' * 50}'"),
        ("9" * 9999, "top_k: Unable to parse input string as an integer, exceeded maximum size"),
    ],
)
def test_what_is_wrong_in_the_query_is_said_in_a_sentence(
    client: TestClient, top_k: str, detail: str
) -> None:
    response = client.post("/predict", params={"top_k": top_k}, files={"file": picture("red")})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert response.json()["detail"] == detail


def test_a_body_without_an_announced_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    sent = 0

    def endless() -> Any:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(1000):
            sent += 1
            yield b"x" * 10_000

    response = client.post(
        "/predict", content=endless(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert (response.status_code, response.json()["code"]) == (413, "too_many_bytes")


def test_what_was_answered_is_recorded_without_the_picture(
    client: TestClient, small_library: Library
) -> None:
    data = picture("green", 7)
    answer = post(client, data).json()
    deadline = time.monotonic() + 5
    row = None
    while row is None and time.monotonic() < deadline:
        with Session(small_library.engine) as session:
            row = session.scalar(select(Prediction).where(Prediction.id == answer["prediction_id"]))
    assert row is not None
    assert (row.sha256, row.label, row.verdict) == (hashlib.sha256(data).hexdigest(), "green", "confident")
    assert row.model_version == "colours-1"
    assert row.latency_ms > 0


def test_an_answer_is_given_even_where_it_cannot_be_recorded(
    client: TestClient, small_library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    Prediction.__table__.drop(small_library.engine)  # type: ignore[attr-defined]
    assert post(client, picture("red")).status_code == 200
    assert "could not be recorded" in caplog.text
