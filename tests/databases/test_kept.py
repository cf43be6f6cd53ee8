"""Pictures that people let the service keep are a root of their task, without a label until somebody decides;
on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from databases import corrections, kept, library, roots, sent
from databases.errors import RootConflict
from databases.labelling import lock_labels
from databases.models import Image
from databases.sent import Which
from tests.databases.filling import Library, content

FOLDER = "/uploads/pets"
SENT = "pets-uploads"


def picture(name: str) -> dict[str, Any]:
    row = {"uri": f"{name}.jpg", "file_name": f"{name}.jpg", "bytes": 100, "modified_ns": 1, "format": "JPEG"}
    return row | {"sha256": content(name), "width": 3, "height": 2, "aspect_ratio": 1.5}


@pytest.fixture
def pets(session: Session) -> Library:
    return Library(session)


def test_a_kept_picture_has_no_label_unless_its_content_was_decided_on(
    session: Session, pets: Library
) -> None:
    corrections.add(session, pets.task, [content("known")], "label", label="cat")
    for name in ("new", "known"):
        kept.add(session, pets.task, FOLDER, picture(name))
    images = library.root_images(session, SENT)
    assert {image.file_name: (image.label, image.split) for image in images} == {
        "new.jpg": (None, None),
        "known.jpg": ("cat", None),
    }
    assert library.count_unsplit(session, pets.task) == 1
    assert [image.file_name for image in kept.unexamined(session, pets.task)] == ["new.jpg", "known.jpg"]


def test_a_file_that_was_lost_and_sent_again_is_the_same_picture(session: Session, pets: Library) -> None:
    first = kept.add(session, pets.task, FOLDER, picture("new"))
    session.execute(update(Image).where(Image.id == first).values(status="missing"))
    assert kept.find(session, pets.task, content("new")) is None
    assert kept.add(session, pets.task, FOLDER, picture("new")) == first
    assert kept.find(session, pets.task, content("new")) == first


def test_a_picture_is_found_by_its_content_in_its_task_alone(session: Session, pets: Library) -> None:
    image_id = pets.add("cat/1.jpg", sha256=content("a"), excluded=True)
    pets.add("cat/2.jpg", sha256=content("a"))
    assert kept.find(session, "pets", content("a")) == image_id
    assert kept.find(session, "birds", content("a")) is None


def test_bytes_are_those_below_the_folder(session: Session, pets: Library) -> None:
    pets.add("cat/1.jpg")
    assert kept.total_bytes(session, "/uploads") == 0
    kept.add(session, "pets", FOLDER, picture("a"))
    kept.add(session, "birds", "/uploads/birds", picture("b"))
    assert kept.total_bytes(session, "/uploads") == 200
    assert kept.total_bytes(session, "/upl%") == 0


def test_uploads_of_a_task_lie_in_one_folder(session: Session, pets: Library) -> None:
    kept.add(session, pets.task, FOLDER, picture("a"))
    with pytest.raises(RootConflict):
        kept.add(session, pets.task, "/elsewhere/pets", picture("b"))


def test_a_folder_of_ones_own_that_is_called_so_is_not_taken_for_what_people_sent(
    session: Session, pets: Library
) -> None:
    own = Library(session, SENT, pets.task, "/home/pets-uploads").add("new.jpg", label=None, split=None)
    assert kept.root_id(session, pets.task) is None
    assert kept.unexamined(session, pets.task) == []
    others = [Library(session, name, "birds", f"/home/{name}") for name in ("birds-uploads-2", "birds-up")]
    kept.add(session, pets.task, FOLDER, picture("sent"))
    kept.add(session, "birds", "/uploads/birds", picture("sent"))
    found = {one.place: (one.task, one.by) for one in sent.find(session, Which())}
    assert found == {Path(FOLDER, "sent.jpg"): ("pets", ()), Path("/uploads/birds/sent.jpg"): ("birds", ())}
    known = {root.name for root in roots.list_roots(session)}
    assert known == {"pets", SENT, f"{SENT}-2", "birds-uploads", *(one.name for one in others)}
    shown = library.find_images(session, [own])[own]
    assert not kept.waits(shown)
    visible = select(Image.id).where(kept.seen(session, pets.task, sent=False), Image.id == own)
    assert session.scalar(visible) == own


def test_of_two_that_send_a_first_picture_at_once_neither_is_lost(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        task = Library(session).task
    ready = threading.Barrier(2)

    def send(name: str) -> int:
        with Session(engine) as session, session.begin():
            session.connection()
            ready.wait()
            lock_labels(session, task)
            return kept.add(session, task, FOLDER, picture(name))

    with ThreadPoolExecutor(2) as pool:
        ids = list(pool.map(send, ("one", "other")))
    with Session(engine) as session:
        assert {image.id for image in library.root_images(session, SENT)} == set(ids)
