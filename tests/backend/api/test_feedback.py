"""People say whether an answer is right, and may let the picture be kept. It is a report, not a label."""

import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.api.kept_uploads import NOT_WRITABLE
from backend.api.routes import feedback as route
from databases import library, writable
from databases.models import Feedback
from databases.places import RemoteFile
from tests.backend.api.conftest import TASK, Library
from tests.backend.api.guarded import guarded, make_key, shown
from tests.drawing import picture
from tests.tiny_bundle import make_bundle
from tests.waiting import SECONDS

STRANGER = picture("red", 77)


def predicted(client: TestClient, data: bytes = STRANGER, headers: dict[str, str] | None = None) -> str:
    """The id of an answer to a picture."""
    answer = client.post("/predict", files={"file": ("Anna's cat.jpg", data)}, headers=headers)
    return str(answer.json()["prediction_id"])


def say(client: TestClient, prediction_id: str, file: bytes | None = None, **fields: Any) -> Any:
    fields = {"prediction_id": prediction_id, "correct": False} | fields
    if file is None:
        return client.post("/feedback", json=fields)
    sent = {name: str(value) for name, value in fields.items()}
    return client.post("/feedback", data=sent, files={"file": ("Anna's cat.jpg", file)})


def said(small_library: Library) -> list[Feedback]:
    with Session(small_library.engine) as session:
        return list(session.scalars(select(Feedback).order_by(Feedback.id)))


def uploads(small_library: Library) -> list[Path]:
    return [path for path in small_library.uploads.rglob("*") if path.is_file()]


def test_what_is_said_right_after_the_answer_is_written_down(
    client: TestClient, small_library: Library
) -> None:
    prediction_id = predicted(client)
    answer = say(client, prediction_id, label="green", comment="It is\ngreen.", by="Anna")
    assert (answer.status_code, answer.json()["image_id"], answer.json()["not_kept"]) == (201, None, None)
    assert say(client, prediction_id, correct=True).status_code == 201
    wrong, right = said(small_library)
    assert (wrong.id, wrong.prediction_id, wrong.correct) == (answer.json()["id"], prediction_id, False)
    assert (wrong.label, wrong.comment, wrong.made_by) == ("green", "It is\ngreen.", "Anna")
    assert (right.correct, right.label, right.made_by) == (True, None, None)
    assert uploads(small_library) == []


def test_of_a_picture_that_the_library_has_nothing_is_kept_again(
    client: TestClient, small_library: Library
) -> None:
    known = picture("red", 0)
    red = client.get("/images", params={"label": "red"}).json()["items"]
    image_id = min(item["id"] for item in red if item["file_name"] in ("0.jpg", "copy.jpg"))
    assert say(client, predicted(client, known), known).json()["image_id"] == image_id
    assert say(client, predicted(client, known)).json()["image_id"] == image_id
    assert uploads(small_library) == []


def test_a_picture_that_may_be_kept_joins_the_library_without_a_label_or_its_sender(
    client: TestClient, small_library: Library
) -> None:
    answer = say(client, predicted(client), STRANGER, label="green", by="Anna").json()
    image_id = answer["image_id"]
    assert answer["not_kept"] is None
    with Session(small_library.engine) as session:
        image = library.find_images(session, [image_id])[image_id]
    sha256 = hashlib.sha256(STRANGER).hexdigest()
    assert (image.root, image.task, image.label, image.split) == (f"{TASK}-uploads", TASK, None, None)
    assert (image.sha256, image.file_name, image.bytes) == (sha256, f"{sha256}.jpg", len(STRANGER))
    assert (image.width, image.height, image.format) == (48, 32, "JPEG")
    assert image.place.read_bytes() == STRANGER
    assert client.get(f"/images/{image_id}/content").content == STRANGER
    assert [path.name for path in uploads(small_library)] == [f"{sha256}.jpg"]
    again = say(client, predicted(client), STRANGER, label="green").json()
    assert again["image_id"] == image_id
    assert len(uploads(small_library)) == 1


def test_pictures_are_kept_at_a_url_too_or_not_where_nothing_answers_there(small_library: Library) -> None:
    with guarded(small_library, auth="off", uploads=RemoteFile("memory://uploads")) as client:
        image_id = say(client, predicted(client), STRANGER).json()["image_id"]
        assert client.get(f"/images/{image_id}/content").content == STRANGER
        assert say(client, predicted(client), STRANGER).json()["image_id"] == image_id
    name = f"{hashlib.sha256(STRANGER).hexdigest()}.jpg"
    assert [file.uri for file in RemoteFile("memory://uploads").files()] == [f"{TASK}/{name}"]
    with Session(small_library.engine) as session:
        image = library.find_images(session, [image_id])[image_id]
    assert str(image.place) == f"memory://uploads/{TASK}/{name}"
    with guarded(small_library, auth="off", uploads=RemoteFile("nowhere://uploads")) as client:
        answer = say(client, predicted(client, picture("red", 78)), picture("red", 78)).json()
    assert (answer["image_id"], answer["not_kept"]) == (None, NOT_WRITABLE)


def test_another_picture_than_the_one_asked_about_is_not_kept(
    client: TestClient, small_library: Library
) -> None:
    refused = say(client, predicted(client), picture("red", 78))
    assert (refused.status_code, refused.json()["code"]) == (422, "other_picture")
    assert (said(small_library), uploads(small_library)) == ([], [])


def test_beyond_the_room_for_uploads_words_are_taken_and_pictures_are_not(small_library: Library) -> None:
    with guarded(small_library, auth="off", max_kept_bytes=len(STRANGER) + 1) as client:
        assert say(client, predicted(client), STRANGER).json()["image_id"] is not None
        other = picture("blue", 78)
        answer = say(client, predicted(client, other), other)
    assert (answer.status_code, answer.json()["image_id"]) == (201, None)
    assert "no more room" in answer.json()["not_kept"]
    assert len(uploads(small_library)) == 1
    assert len(said(small_library)) == 2


def test_where_the_model_learns_from_no_library_nothing_is_kept(
    small_library: Library, bundles: Path
) -> None:
    from backend.inference.bundle import load_bundle
    from databases import registry

    manifest = load_bundle(make_bundle(bundles, "starter-1", "starter")).manifest
    with Session(small_library.engine) as session, session.begin():
        registry.register(session, manifest, None)
        registry.promote(session, "starter-1")
    with guarded(small_library, auth="off") as client:
        assert client.get("/models").json()["keeps"] is False
        answer = say(client, predicted(client), STRANGER).json()
    assert (answer["image_id"], uploads(small_library)) == (None, [])
    assert "no library" in answer["not_kept"]
    with Session(small_library.engine) as session:
        assert library.tasks(session) == [TASK]


def test_nothing_can_be_said_of_a_prediction_that_nobody_made(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SOON_SECONDS", "WRITTEN_SECONDS"):
        monkeypatch.setattr(route, name, 0.1)
    for unknown in ("0" * 32, "no such id", ""):
        refused = say(client, unknown)
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_prediction")


def test_what_another_worker_cannot_write_down_yet_is_waited_for(
    client: TestClient, small_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "WRITTEN_SECONDS", SECONDS)
    waiting = Event()
    check = writable.check_writable

    def telling(session: Session) -> None:
        waiting.set()
        check(session)

    monkeypatch.setattr(writable, "check_writable", telling)
    with (
        guarded(small_library, auth="off") as another_worker,
        ThreadPoolExecutor(1) as pool,
        closing(sqlite3.connect(str(small_library.engine.url.database), isolation_level=None)) as writer,
    ):
        writer.execute("BEGIN IMMEDIATE")
        answer = pool.submit(say, another_worker, predicted(client))
        assert waiting.wait(SECONDS)
        assert said(small_library) == []
        writer.execute("ROLLBACK")
        assert answer.result().status_code == 201


def test_what_is_no_feedback_is_refused(client: TestClient, small_library: Library) -> None:
    prediction_id = predicted(client)
    for wrong in (
        {"correct": "perhaps"},
        {"correct": True, "label": "green"},
        {"label": "x" * 201},
        {"comment": "x" * 2001},
        {"comment": "a\x00b"},
        {"prediction_id": None},
    ):
        refused = client.post("/feedback", json={"prediction_id": prediction_id, "correct": False} | wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request"), wrong
    for body in (b"", b"[]", b"{", b"\xff", b'"prediction"', b'{"prediction_id": "\\ud800"}'):
        refused = client.post("/feedback", content=body, headers={"content-type": "application/json"})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request"), body
    assert said(small_library) == []


def test_whoever_may_ask_may_say_and_the_key_tells_who(small_library: Library) -> None:
    page = make_key(small_library.engine, "page", "predict")
    reviewer = make_key(small_library.engine, "anna", "review")
    with guarded(small_library) as client:
        prediction_id = predicted(client, headers=shown(page))
        body = {"prediction_id": prediction_id, "correct": False, "by": "Somebody"}
        assert client.post("/feedback", json=body, headers=shown(page)).status_code == 201
        assert client.post("/feedback", json=body, headers=shown(reviewer)).json()["code"] == "missing_scope"
    assert [one.made_by for one in said(small_library)] == ["page"]
