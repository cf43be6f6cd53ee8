"""Many pictures at once: as files of a form, as a zip in it, and as a zip alone."""

import hashlib
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from databases.models import Prediction
from tests.backend.api.conftest import Library
from tests.backend.api.test_observed import metric
from tests.drawing import picture
from tests.waiting import wait_until
from tests.zip_forging import GIB, entry, zeros, zipped

Files = list[tuple[str, bytes]]
NAMES = ("blue", "red", "green", "red", "blue")
COLOURS: Files = [(f"{name}.jpg", picture(name, number)) for number, name in enumerate(NAMES, 40)]
HOW = (
    "send pictures as files of a form, or one zip of them, as these do: "
    "curl -F files=@cat.jpg -F files=@dog.jpg ...; curl -F files=@pets.zip ..."
)


def as_form(client: TestClient, files: Files, **params: Any) -> Any:
    sent = [("files", (name, data)) for name, data in files]
    return client.post("/predict/batch", files=sent, params=params)


def zip_of(files: Files) -> bytes:
    return zipped(*(entry(name, data) for name, data in files))


def as_zip_in_form(client: TestClient, files: Files, **params: Any) -> Any:
    return as_form(client, [("holiday.jpg", zip_of(files))], **params)


def as_zip(client: TestClient, files: Files, **params: Any) -> Any:
    return post_zip(client, zip_of(files), **params)


def post_zip(client: TestClient, data: bytes, kind: str = "application/zip", **params: Any) -> Any:
    return client.post("/predict/batch", content=data, headers={"content-type": kind}, params=params)


def codes(answer: Any) -> list[str]:
    """What came of each item: its label, or the code of its error."""
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert all((item["prediction"] is None) != (item["error"] is None) for item in items)
    return [(item["error"] or {}).get("code") or item["prediction"]["label"] for item in items]


@pytest.mark.parametrize("send", [as_form, as_zip_in_form, as_zip])
def test_pictures_are_answered_in_the_order_sent_as_if_each_came_alone(client: TestClient, send: Any) -> None:
    answer = send(client, COLOURS, top_k=2)
    assert codes(answer) == ["blue", "red", "green", "red", "blue"]
    assert answer.json()["model"] == {"task": "colours", "version": "colours-1"}
    for (name, data), item in zip(COLOURS, answer.json()["items"], strict=True):
        alone = client.post("/predict", files={"file": data}, params={"top_k": 2}).json()
        assert item["name"] == name
        assert item["prediction"] | {"prediction_id": 0} == alone | {"prediction_id": 0}


@pytest.mark.parametrize("send", [as_form, as_zip_in_form, as_zip])
def test_a_bad_picture_spoils_no_other(client: TestClient, send: Any) -> None:
    files = [
        ("a", picture("red")),
        ("b", b""),
        ("c", b"hello"),
        ("d", picture("red")[:500]),
        ("e", b"\xff\xd8" + bytes(250_000)),
        ("f", zip_of(COLOURS)),
        ("g", picture("blue")),
    ]
    answer = send(client, files)
    assert codes(answer) == [
        "red", "empty_file", "unsupported_format", "truncated_image", "too_many_bytes", "unsupported_format",
        "blue",
    ]  # fmt: skip
    errors = [item["error"] for item in answer.json()["items"] if item["error"]]
    assert [error["status"] for error in errors] == [415, 415, 415, 413, 415]
    assert all(error["detail"] and error["title"] for error in errors)


def test_an_entry_of_a_zip_that_cannot_be_had_spoils_no_other(client: TestClient) -> None:
    red = picture("red")
    changed: list[dict[str, int]] = [{}, {"flags": 1}, {"method": 14}, {"checksum": 1}, {}]
    answer = post_zip(client, zipped(*(entry("a", red, **changes) for changes in changed)))
    assert codes(answer) == ["red", "encrypted_entry", "unsupported_compression", "broken_entry", "red"]


def test_a_zip_of_zips_of_zips_is_opened_once(client: TestClient) -> None:
    bomb = zipped(zeros("0", 4 * GIB))
    for level in range(3):  # four terabytes, as in 42.zip
        bomb = zipped(*[entry(f"{level}.zip", bomb)] * 16)
    assert codes(post_zip(client, bomb)) == ["unsupported_format"] * 16


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"hello", 415, "bad_archive"),
        (zip_of(COLOURS)[:-30], 415, "bad_archive"),
        (zipped(entry("a", picture("red"), flags=1)), 415, "bad_archive"),
        (zip_of([("a", b"x")] * 65), 413, "too_many_items"),
        (zipped(zeros("a", 10 * GIB)), 413, "archive_too_large"),
        (zipped(zeros("a", 2 * 2**20)), 413, "archive_too_large"),
    ],
)
def test_a_zip_that_is_not_unpacked_is_a_problem(
    client: TestClient, data: bytes, status: int, code: str
) -> None:
    answer = post_zip(client, data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_zip_is_known_by_what_it_holds_and_only_where_it_is_alone(client: TestClient) -> None:
    both = [("one.zip", zip_of(COLOURS)), ("two.zip", picture("red"))]
    assert codes(as_form(client, both)) == ["unsupported_format", "red"]
    assert codes(as_form(client, both[1:])) == ["red"]
    for kind in ("application/zip; x=y", "Application/X-Zip-Compressed"):
        assert codes(post_zip(client, zip_of(COLOURS[:1]), kind)) == ["blue"]


def test_names_are_echoed_printable_and_short_and_lead_nowhere(client: TestClient) -> None:
    red = picture("red")
    names = ["../../etc/passwd", "C:\\evil.jpg", "/abs.jpg", "a\x1b[31m\u202eb\n.jpg", "é" * 999, "😀.jpg"]
    shown = [*names[:3], "a�[31m�b�.jpg", "é" * 200, "😀.jpg"]
    answer = as_zip(client, [(name, red) for name in names])
    assert [item["name"] for item in answer.json()["items"]] == shown
    assert codes(answer) == ["red"] * 6


def test_the_folders_and_hidden_files_of_a_zip_do_not_count(client: TestClient) -> None:
    names = [f"{n}.jpg" for n in range(64)]
    beside: Files = [("__MACOSX/._" + name, b"x") for name in names] + [
        ("pets/", b""),
        ("pets/.DS_Store", b""),
    ]
    answer = as_zip(client, beside + [(f"pets/{name}", picture("red")) for name in names])
    assert codes(answer) == ["red"] * 64


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"json": {"files": []}},
        {"data": {"files": "cat.jpg"}},
        {"files": {"file": picture("red")}},
        {"files": [("files", picture("red")), ("picture", picture("red"))]},
        {"files": {"files": picture("red")}, "data": {"note": "mine"}},
        {"files": {"files": ("", b"")}},
        {"files": {"files": zipped()}},
        {"files": {"files": zip_of([("pets/", b"")])}},
        {"content": zipped(), "headers": {"content-type": "application/zip"}},
        {"content": picture("red"), "headers": {"content-type": "image/jpeg"}},
    ],
)
def test_a_body_without_pictures_is_told_how_to_send_them(client: TestClient, body: dict[str, Any]) -> None:
    answer = client.post("/predict/batch", **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["detail"] == HOW


def test_each_answer_of_a_batch_is_recorded_and_counted(client: TestClient, small_library: Library) -> None:
    answer = as_form(client, [*COLOURS, ("bad", b"hello")])
    ids = [item["prediction"]["prediction_id"] for item in answer.json()["items"][:-1]]

    def recorded() -> dict[str, str]:
        with Session(small_library.engine) as session:
            return {row.id: row.sha256 for row in session.scalars(select(Prediction))}

    wait_until(lambda: len(recorded()) == 5)
    sent = [hashlib.sha256(data).hexdigest() for _, data in COLOURS]
    assert recorded() == dict(zip(ids, sent, strict=True))
    counted = {
        'menagerie_request_seconds_count{route="/predict/batch",status="200"}': 1,
        'menagerie_stage_seconds_count{stage="queue"}': 6,
        'menagerie_stage_seconds_count{stage="decode"}': 6,
        'menagerie_stage_seconds_count{stage="infer"}': 5,
        'menagerie_answers_total{verdict="confident",version="colours-1"}': 5,
    }
    assert {line: metric(client, line) for line in counted} == counted


def test_both_ways_to_send_many_pictures_are_documented(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]["/predict/batch"]["post"]
    content = described["requestBody"]["content"]
    assert set(content) == {"multipart/form-data", "application/zip"}
    assert content["multipart/form-data"]["schema"]["properties"]["files"]["type"] == "array"
    assert {"200", "413", "415", "422", "503"} <= set(described["responses"])
