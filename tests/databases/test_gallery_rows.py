"""A gallery beside the database learns of every change: on SQLite alone, as PostgreSQL searches by itself."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from databases import corrections, embeddings, gallery_rows, library, roots
from databases.gallery_rows import Census
from databases.models import now
from tests.databases.filling import Library, content, register


@pytest.fixture
def empty_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'images.db'}"


@pytest.fixture
def pets(session: Session) -> Library:
    return Library(session)


@pytest.fixture
def model(session: Session) -> int:
    return register(session, "pets-1").id


def embed(pets: Library, model: int, *image_ids: int) -> None:
    for image_id, image in library.find_images(pets.session, image_ids).items():
        embeddings.put_embeddings(pets.session, model, {image_id: (image.sha256, bytes(12))})


def test_rows_tell_all_that_a_gallery_knows(pets: Library, model: int) -> None:
    at = now()
    first = pets.add("cat/1.jpg", sha256=content("cat"), duplicate_group=1, ingested_at=at)
    pets.add("cat/2.jpg")
    embed(pets, model, first)
    (row,) = gallery_rows.read_rows(pets.session, model, "pets")
    assert (row.image_id, row.label, row.split, row.root_id) == (first, "cat", "train", pets.root_id)
    assert (row.ingested_at, row.sha256, row.duplicate_group) == (at, content("cat"), 1)
    assert list(gallery_rows.read_rows(pets.session, model, "pets", [first + 1])) == []
    assert list(gallery_rows.read_rows(pets.session, model, "birds")) == []
    assert gallery_rows.census(pets.session, model, "pets") == Census(1, first)
    assert gallery_rows.root_ids(pets.session, "pets") == {pets.root_id}
    assert gallery_rows.root_ids(pets.session, "birds") == set()


def test_groups_with_a_content_are_told_of_pictures_too_that_no_gallery_has(pets: Library) -> None:
    pets.add("cat/1.jpg", sha256=content("cat"), duplicate_group=1, excluded=True)
    pets.add("cat/2.jpg", sha256=content("cat"), duplicate_group=7, status="missing")
    pets.add("cat/3.jpg", sha256=content("cat"))
    pets.add("cat/4.jpg", sha256=content("other"), duplicate_group=4)
    Library(pets.session, "birds", "birds", "/pictures/birds").add(
        "5.jpg", sha256=content("cat"), duplicate_group=5
    )
    assert gallery_rows.groups_with_content(pets.session, "pets", content("cat")) == {1, 7, None}
    assert gallery_rows.groups_with_content(pets.session, "pets", content("emu")) == set()


CHANGES: dict[str, Callable[[Library, int, int], object]] = {
    "embedded anew": lambda pets, model, image: embed(pets, model, image),
    "relabelled": lambda pets, _, image: library.update_images(pets.session, [{"id": image, "label": "x"}]),
    "split": lambda pets, _, image: library.set_splits(pets.session, {image: "test"}),
    "gone": lambda pets, _, image: library.update_images(pets.session, [{"id": image, "status": "missing"}]),
    "changed": lambda pets, _, image: library.update_images(
        pets.session, [{"id": image, "sha256": content("other")}]
    ),
    "grouped": lambda pets, _, image: library.update_images(
        pets.session, [{"id": image, "duplicate_group": image}]
    ),
    "excluded": lambda pets, _, image: corrections.add(
        pets.session, "pets", [library.find_images(pets.session, [image])[image].sha256], "exclude"
    ),
    "ingested anew": lambda pets, _, image: library.update_images(
        pets.session, [{"id": image, "ingested_at": now()}]
    ),
    "deleted": lambda pets, _, image: pets.session.execute(
        text("DELETE FROM images WHERE id = :id"), {"id": image}
    ),
    "forgotten": lambda pets, *_: roots.forget_root(pets.session, "pets"),
    "without its model": lambda pets, *_: pets.session.execute(text("DELETE FROM models")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_told(
    pets: Library, model: int, change: Callable[[Library, int, int], object]
) -> None:
    image, other = pets.add("cat/1.jpg"), pets.add("cat/2.jpg")
    embed(pets, model, image, other)
    before = gallery_rows.latest_change(pets.session, model)
    change(pets, model, image)
    pets.session.flush()
    assert image in gallery_rows.changed_since(pets.session, model, before.number)
    after = gallery_rows.latest_change(pets.session, model)
    assert after.number > before.number
    assert after.token != before.token


def test_what_a_gallery_does_not_know_is_no_change(pets: Library, model: int) -> None:
    image = pets.add("cat/1.jpg")
    assert gallery_rows.latest_change(pets.session, model).number == 1  # it is not in the gallery yet
    embed(pets, model, image)
    before = gallery_rows.latest_change(pets.session, model)
    library.update_images(pets.session, [{"id": image, "sharpness": 7.0}, {"id": image, "label": "cat"}])
    assert gallery_rows.changed_since(pets.session, model, before.number) == []


def test_each_picture_that_changed_is_told_once(pets: Library, model: int) -> None:
    first, second = pets.add("cat/1.jpg"), pets.add("cat/2.jpg")
    embed(pets, model, first, second)
    library.update_images(pets.session, [{"id": first, "label": "dog"}])
    assert gallery_rows.changed_since(pets.session, model, 1) == [first, second]


def test_what_happens_under_another_model_is_no_change(pets: Library, model: int) -> None:
    image = pets.add("cat/1.jpg")
    embed(pets, model, image)
    before = gallery_rows.latest_change(pets.session, model)
    other = register(pets.session, "pets-2").id
    embed(pets, other, image)
    assert gallery_rows.latest_change(pets.session, model) == before
    assert gallery_rows.changed_since(pets.session, other, before.number) == [image]
