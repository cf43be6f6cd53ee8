import hashlib
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy.orm import Session

from databases import label_operations
from databases.models import Prediction
from tests.backend.api.conftest import Library
from tests.drawing import encode, picture
from tests.waiting import wait_until


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

    def recorded() -> Prediction | None:
        with Session(small_library.engine) as session:
            return session.get(Prediction, answer["prediction_id"])

    wait_until(lambda: recorded() is not None)
    row = recorded()
    assert row is not None
    assert (row.sha256, row.label, row.verdict) == (hashlib.sha256(data).hexdigest(), "green", "confident")
    assert row.model_version == "colours-1"
    assert row.latency_ms > 0


@pytest.mark.parametrize("kind", ["image/jpeg", "image/*; q=1", "Application/Octet-Stream"])
def test_a_picture_may_be_the_whole_body(client: TestClient, kind: str) -> None:
    data = picture("blue", 3)
    answer = client.post("/predict", params={"top_k": 2}, content=data, headers={"content-type": kind})
    assert answer.json()["top_k"] == post(client, data, top_k=2).json()["top_k"]


def test_a_body_that_is_no_picture_is_a_problem(client: TestClient) -> None:
    for kind, status, code in (
        ("image/jpeg", 415, "unsupported_format"),
        ("text/plain", 422, "invalid_request"),
    ):
        answer = client.post("/predict", content=b"hello", headers={"content-type": kind})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    answer = client.post("/predict", content=b"x" * 250_000, headers={"content-type": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_bytes")


def test_both_ways_to_send_a_picture_are_documented(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/predict", "/similar"):
        assert set(paths[path]["post"]["requestBody"]["content"]) == {"multipart/form-data", "image/*"}


def test_the_nearest_pictures_of_the_library_give_a_second_opinion(client: TestClient) -> None:
    answer = client.post("/predict", files={"file": picture("blue", 99)}).json()
    # Of eighteen different pictures ten are asked, and six of the library's are blue.
    assert answer["neighbours_agree"] == 0.6
    assert answer["nearest"] > 0.99


def test_where_no_picture_has_a_label_that_the_model_knows_nobody_agrees_or_not(
    client: TestClient, small_library: Library
) -> None:
    with Session(small_library.engine) as session, session.begin():
        label_operations.merge(session, "colours", ["red", "green"], into="blue")
        label_operations.rename(session, "colours", "blue", into="colour")
    client.app.state.succession.service.gallery.follow()  # type: ignore[attr-defined]
    answer = client.post("/predict", files={"file": picture("blue", 99)}).json()
    assert answer["neighbours_agree"] is None
    assert answer["nearest"] > 0.99
