"""What somebody sent is deleted for good: file, rows, embeddings, thumbnail, and traces of these."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.keeping.forgetting import delete_pictures
from databases import embeddings, library, registry, sent
from databases.models import Embedding, Feedback, Image, Root
from databases.places import RemoteFile
from databases.sent import Which
from tests.backend.api.conftest import TASK, Library
from tests.backend.keeping.conftest import STRANGER, send, serving
from tests.drawing import picture
from tests.training.making import take_in
from training.indexing import index
from training.progress import Silent

OTHER = picture("blue", 78)
BOTH = picture("green", 79)


def find(library: Library, by: str) -> list[sent.SentPicture]:
    with Session(library.engine) as session:
        return sent.find(session, Which(by))


def pictures_near(client: TestClient) -> set[int]:
    """Of any label, the asked one's copies apart."""
    params = {"k": "100", "label": "any"}
    answer = client.post("/similar", files={"file": picture("red", 5)}, params=params).json()
    return {item["image"]["id"] for item in answer["items"]}


@pytest.fixture
def asked(small_library: Library) -> Library:
    """Anna and Bob sent a picture each, and both of them a third one; all have embeddings and thumbnails."""
    with serving(small_library) as client:
        pictures = ((STRANGER, "Anna"), (OTHER, "Bob"), (BOTH, "Anna"), (BOTH, "Bob"))
        ids = [send(client, data, by) for data, by in pictures]
        for image_id in ids:
            assert client.get(f"/images/{image_id}/thumbnail").status_code == 200
        said = {
            "image_ids": sorted(set(ids)),
            "kind": "label",
            "label": "green",
        }  # before, they are no answers
        assert client.post("/decisions", json=said).status_code == 200
    with Session(small_library.engine) as session:
        model = registry.get_model(session, "colours-1")
    index(small_library.engine, small_library.bundles, model, TASK, Silent())
    return small_library


def test_of_a_persons_uploads_nothing_is_left_and_others_stay(asked: Library) -> None:
    settings = asked.settings
    with serving(asked) as client:
        assert pictures_near(client) & {one.id for one in find(asked, by="Anna")}
    pictures = find(asked, by="Anna")
    assert [one.by for one in pictures] == [("Anna",), ("Anna", "Bob")]
    done = delete_pictures(asked.engine, settings, pictures, "Anna")
    assert (done.rows.pictures, done.files, done.thumbnails) == (2, 2, 2)
    assert (done.rows.embeddings, done.rows.reports) == (2, 2)
    assert done.bytes == len(STRANGER) + len(BOTH)
    for data in (STRANGER, BOTH):
        sha256 = hashlib.sha256(data).hexdigest()
        assert not [path for path in asked.bundles.parent.rglob("*") if sha256 in path.name]
    with Session(asked.engine) as session:
        assert [row.made_by for row in session.scalars(select(Feedback).order_by(Feedback.id))] == ["Bob"] * 2
        left = session.scalars(select(Image.sha256)).all()
        assert hashlib.sha256(OTHER).hexdigest() in left
        model = registry.get_model(session, "colours-1")
        assert embeddings.unembedded(session, model.id, TASK) == []
    with serving(asked) as client:
        assert not pictures_near(client) & {one.id for one in pictures}
        assert client.get(f"/images/{pictures[0].id}").status_code == 404


def test_a_folder_of_ones_own_stays_whatever_it_is_called(asked: Library, tmp_path: Path) -> None:
    own = tmp_path / f"{TASK}-uploads" / "red"
    own.mkdir(parents=True)
    (own / "1.jpg").write_bytes(picture("red", 90))
    take_in(asked.engine, own.parent, TASK, name=f"{TASK}-uploads-2")
    with Session(asked.engine) as session, session.begin():
        session.execute(update(Root).where(Root.name == f"{TASK}-uploads").values(name="sent"))
        session.execute(update(Root).where(Root.uri == str(own.parent)).values(name=f"{TASK}-uploads"))
        found = sent.find(session, Which())
    assert len(found) == 3
    delete_pictures(asked.engine, asked.settings, found, None)
    assert (own / "1.jpg").is_file()
    with Session(asked.engine) as session:
        assert [image.file_name for image in library.root_images(session, f"{TASK}-uploads")] == ["1.jpg"]


def test_what_a_restore_set_aside_or_a_kill_left_goes_too_or_is_named(asked: Library, tmp_path: Path) -> None:
    uploads = asked.uploads
    sha256, other = (hashlib.sha256(data).hexdigest() for data in (STRANGER, OTHER))
    aside, draft = uploads / ".before-20260101" / TASK / f"{sha256}.jpg", uploads / TASK / ".1f.part"
    aside.parent.mkdir(parents=True)
    for path in (aside, draft):
        path.write_bytes(STRANGER)
    stays = aside.with_name(f"{other}.jpg")
    stays.write_bytes(OTHER)
    before = tmp_path / "state" / "images.db.before-20260101"
    for ending in ("", "-wal"):
        before.with_name(before.name + ending).write_bytes(b"a database")
    done = delete_pictures(asked.engine, asked.settings, find(asked, by="Anna"), "Anna")
    assert (done.files, done.aside) == (4, (before,))
    assert [path.exists() for path in (aside, draft, stays)] == [False, False, True]


def test_what_a_restore_set_aside_at_a_url_goes_too(asked: Library) -> None:
    store = RemoteFile("memory://set-aside")
    sha256, other = (hashlib.sha256(data).hexdigest() for data in (STRANGER, OTHER))
    for name in (sha256, other):
        (store / ".before-20260101" / TASK / f"{name}.jpg").write_bytes(b"a picture")
    settings = asked.settings.model_copy(update={"uploads": store})
    assert delete_pictures(asked.engine, settings, find(asked, by="Anna"), "Anna").files == 3
    (left,) = store.files()
    assert left.name == f"{other}.jpg"
    left.remove()


def test_the_database_file_holds_no_vector_of_it_any_more(asked: Library, tmp_path: Path) -> None:
    (picture,) = find(asked, by="Bob")[:1]
    with Session(asked.engine) as session:
        vector = session.scalar(select(Embedding.vector).where(Embedding.image_id == picture.id))
    assert vector is not None
    files = [tmp_path / "state" / "images.db", tmp_path / "state" / "images.db-wal"]
    assert any(vector in file.read_bytes() for file in files)
    delete_pictures(asked.engine, asked.settings, [picture], "Bob")
    assert not any(vector in file.read_bytes() for file in files if file.exists())
    assert not (tmp_path / "state" / "images.db.galleries").exists()


def test_pictures_are_found_by_name_day_and_answer(asked: Library) -> None:
    with Session(asked.engine) as session:
        first = session.scalars(select(Feedback).order_by(Feedback.id)).first()
        assert first is not None
        found = sent.find(session, Which(prediction_id=first.prediction_id))
        assert [one.id for one in found] == [first.image_id]
        assert len(sent.find(session, Which())) == 3
        assert len(sent.find(session, Which(before=datetime.now(UTC) + timedelta(days=1)))) == 3
        assert sent.find(session, Which(before=datetime.now(UTC) - timedelta(days=1))) == []
        assert sent.find(session, Which(by="nobody")) == []


def test_words_without_a_picture_go_where_that_is_said(asked: Library) -> None:
    with serving(asked) as client:
        known = client.post("/predict", files={"file": picture("red", 1)}).json()["prediction_id"]
        said = {"prediction_id": known, "correct": False, "comment": "a word", "by": "Anna"}
        assert client.post("/feedback", json=said).status_code == 201
    delete_pictures(asked.engine, asked.settings, find(asked, by="Anna"), "Anna")
    with Session(asked.engine) as session:
        assert sent.count_words(session, "Anna") == 1
    assert delete_pictures(asked.engine, asked.settings, [], "Anna", words=True).rows.reports == 1
    with Session(asked.engine) as session:
        assert sent.count_words(session, "Anna") == 0
        assert session.scalar(select(func.count()).select_from(Feedback)) == 2


def test_one_that_lies_behind_a_url_is_deleted_there(asked: Library) -> None:
    pictures = find(asked, by="Anna")
    elsewhere = RemoteFile("memory://uploads", "x.jpg")
    elsewhere.write_bytes(b"a picture")
    pictures[1] = replace(pictures[1], place=elsewhere)
    assert delete_pictures(asked.engine, asked.settings, pictures, "Anna").files == 2
    assert not elsewhere.is_file()
    assert find(asked, by="Anna") == []
