"""What was ingested is listed, and forgotten with all that hangs on it but people's decisions; on both
databases."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from databases import corrections, embeddings, library
from databases.errors import UnknownRoot
from databases.labelling import apply_labelling
from databases.models import Embedding
from databases.places import content_root
from databases.roots import KnownRoot, find_root, forget_root, list_roots
from tests.databases.filling import Library, content, register


def test_roots_are_listed_by_task_with_their_pictures_in_use_and_their_place(session: Session) -> None:
    Library(session, name="empty", task="pets", uri=content_root("s3://store", "/new pets"))
    birds = Library(session, name="zoo", task="birds", uri="/birds")
    birds.add("owl/1.jpg")
    birds.add("owl/2.jpg", excluded=True)
    birds.add("owl/3.jpg", status="invalid", reason="empty_file")
    birds.add("owl/4.jpg", status="missing")
    assert list_roots(session) == [
        KnownRoot("zoo", "birds", "/birds", None, pictures=1, files=4),
        KnownRoot("empty", "pets", "/new pets", "s3://store", pictures=0, files=0),
    ]


def test_a_forgotten_root_takes_its_pictures_and_vectors_and_leaves_those_of_others(session: Session) -> None:
    pets, others = Library(session), Library(session, name="more", uri="/more")
    model = register(session, "pets-1").id
    gone, left = pets.add("cat/1.jpg"), others.add("cat/1.jpg")
    for image_id in (gone, left):
        embeddings.put_embeddings(session, model, {image_id: (content(str(image_id)), bytes(12))})
    forget_root(session, "pets")
    session.commit()
    assert [root.name for root in list_roots(session)] == ["more"]
    assert [image.id for image in library.task_images(session, "pets")] == [left]
    assert list(session.scalars(select(Embedding.image_id))) == [left]


def test_ids_of_pictures_that_went_are_not_given_to_others(session: Session) -> None:
    gone = Library(session).add("cat/1.jpg")
    forget_root(session, "pets")
    session.commit()
    assert Library(session).add("dog/1.jpg") > gone


def test_what_people_decided_holds_again_where_the_pictures_come_back(session: Session) -> None:
    Library(session).add("cat/1.jpg", sha256=content("a"))
    corrections.add(session, "pets", [content("a")], "exclude")
    forget_root(session, "pets")
    again = Library(session)
    again.add("cat/1.jpg", sha256=content("a"))
    apply_labelling(session, "pets")  # as an ingest does
    assert library.task_images(session, "pets") == []
    assert library.count_excluded(session, "pets") == 1


def test_a_root_that_is_not_there_is_named_with_those_that_are(session: Session) -> None:
    with pytest.raises(UnknownRoot, match="no root is called 'zoo'; there is none yet"):
        find_root(session, "zoo")
    Library(session)
    with pytest.raises(UnknownRoot, match="no root is called 'zoo'; there are: pets"):
        forget_root(session, "zoo")
    assert session.scalar(select(func.count()).select_from(Embedding)) == 0


def test_refused_files_are_told_of_one_task_or_of_all(session: Session) -> None:
    for name in ("pets", "birds"):
        Library(session, name, name, f"/{name}").add("x/1.jpg", status="invalid", reason="empty_file")
    told = [(one.uri, one.reason) for one in library.task_refusals(session)]
    assert told == [("/birds/x/1.jpg", "empty_file"), ("/pets/x/1.jpg", "empty_file")]
    assert [one.uri for one in library.task_refusals(session, "pets")] == ["/pets/x/1.jpg"]
