"""Vectors are served only of pictures that are still what they were, on both databases."""

import numpy as np
import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from databases import embeddings, gallery_rows, library
from databases.errors import BadEmbedding
from databases.models import Embedding, Image
from tests.databases.filling import Library, content, register


def as_bytes(*numbers: float) -> bytes:
    return np.array(numbers, "<f4").tobytes()


VECTOR, OTHER = as_bytes(0.6, 0, -0.8), as_bytes(0, 1, 0)
UNSOUND = {
    "not a number": as_bytes(0.6, np.nan, -0.8),
    "without end": as_bytes(0, np.inf, 0),
    "too large for its square": as_bytes(1e30, 0, 0),
    "twice as long": as_bytes(1.2, 0, -1.6),
    "a little long": as_bytes(0, 1.002, 0),
    "next to nothing": as_bytes(1e-30, 0, 0),
    "half a number": VECTOR[:-2],
}


@pytest.fixture
def pets(session: Session) -> Library:
    return Library(session)


@pytest.fixture
def model(session: Session) -> int:
    return register(session, "pets-1").id


def embed(pets: Library, model: int, image_id: int, vector: bytes = VECTOR) -> None:
    image = library.find_image(pets.session, image_id)
    assert image is not None
    embeddings.put_embeddings(pets.session, model, {image_id: (image.sha256, vector)})


def served(pets: Library, model: int) -> list[int]:
    return [row.image_id for row in gallery_rows.read_rows(pets.session, model, pets.task)]


def test_a_vector_comes_back_byte_for_byte_with_its_picture(pets: Library, model: int) -> None:
    image = pets.add("cat/1.jpg", sha256=content("cat"))
    embed(pets, model, image)
    (row,) = gallery_rows.read_rows(pets.session, model, "pets")
    assert (row.image_id, row.label, row.sha256, row.vector) == (image, "cat", content("cat"), VECTOR)
    assert embeddings.vectors_of(pets.session, model, [image, image + 1]) == {image: VECTOR}


def test_writing_a_vector_again_replaces_it(pets: Library, model: int) -> None:
    image = pets.add("cat/1.jpg")
    embed(pets, model, image)
    embed(pets, model, image, OTHER)
    assert embeddings.vectors_of(pets.session, model, [image]) == {image: OTHER}


def test_of_a_picture_that_was_deleted_meanwhile_no_vector_is_written(pets: Library, model: int) -> None:
    gone, there = pets.add("cat/1.jpg"), pets.add("cat/2.jpg")
    found = library.find_images(pets.session, [gone, there])
    vectors = {image_id: (image.sha256, VECTOR) for image_id, image in found.items()}
    pets.session.execute(delete(Image).where(Image.id == gone))
    embeddings.put_embeddings(pets.session, model, vectors)
    assert embeddings.vectors_of(pets.session, model, [gone, there]) == {there: VECTOR}
    embeddings.put_embeddings(pets.session, model, {gone: vectors[gone]})
    assert served(pets, model) == [there]


def test_the_vector_of_a_picture_that_changed_is_not_served_and_is_asked_for_anew(
    pets: Library, model: int
) -> None:
    changed, same = pets.add("cat/1.jpg"), pets.add("cat/2.jpg")
    for image in (changed, same):
        embed(pets, model, image)
    assert embeddings.unembedded(pets.session, model, "pets") == []
    library.update_images(pets.session, [{"id": changed, "sha256": content("another")}])
    assert served(pets, model) == [same]
    assert embeddings.unembedded(pets.session, model, "pets") == [changed]


def test_missing_pictures_are_neither_served_nor_embedded(pets: Library, model: int) -> None:
    gone, new = pets.add("cat/1.jpg"), pets.add("cat/2.jpg", status="missing")
    embed(pets, model, gone)
    library.update_images(pets.session, [{"id": gone, "status": "missing"}])
    assert served(pets, model) == []
    assert new not in embeddings.unembedded(pets.session, model, "pets")


def test_what_one_model_embedded_the_next_still_lacks(pets: Library, model: int) -> None:
    image = pets.add("cat/1.jpg")
    embed(pets, model, image)
    other = register(pets.session, "pets-2").id
    assert embeddings.unembedded(pets.session, other, "pets") == [image]
    assert embeddings.unembedded(pets.session, other, "birds") == []


def test_vectors_are_taken_over_from_a_model_with_the_same_embedder_only(pets: Library, model: int) -> None:
    known, stale, lacking = (pets.add(f"cat/{number}.jpg") for number in range(3))
    for image in (known, stale):
        embed(pets, model, image)
    library.update_images(pets.session, [{"id": stale, "sha256": content("another")}])
    same = register(pets.session, "pets-2").id
    different = register(pets.session, "pets-3", embedder="another").id
    assert embeddings.copy_embeddings(pets.session, same, [known, stale, lacking]) == {known}
    assert embeddings.vectors_of(pets.session, same, [known, stale, lacking]) == {known: VECTOR}
    assert embeddings.copy_embeddings(pets.session, different, [known, stale, lacking]) == set()


def test_many_more_pictures_than_one_statement_takes_are_asked_for_at_once(pets: Library, model: int) -> None:
    image = pets.add("cat/1.jpg")
    embed(pets, model, image)
    asked = [*range(10**6, 10**6 + 12_000), image]
    assert embeddings.vectors_of(pets.session, model, asked) == {image: VECTOR}


def test_vectors_go_with_their_model_and_their_picture(pets: Library, model: int) -> None:
    first, second = pets.add("cat/1.jpg"), pets.add("cat/2.jpg")
    for image in (first, second):
        embed(pets, model, image)
    pets.session.execute(text("DELETE FROM images WHERE id = :id"), {"id": first})
    assert served(pets, model) == [second]
    pets.session.execute(text("DELETE FROM models"))
    assert pets.session.execute(text("SELECT count(*) FROM embeddings")).scalar_one() == 0


def test_no_vectors_are_written_without_complaint(pets: Library, model: int) -> None:
    embeddings.put_embeddings(pets.session, model, {})
    assert served(pets, model) == []


@pytest.mark.parametrize("vector", UNSOUND.values(), ids=UNSOUND)
def test_an_embedding_that_cannot_be_searched_is_refused_by_its_picture(
    pets: Library, model: int, vector: bytes
) -> None:
    first, second = pets.add("cat/1.jpg"), pets.add("cat/2.jpg")
    vectors = {first: (content("a"), VECTOR), second: (content("b"), vector)}
    with pytest.raises(BadEmbedding, match=rf"picture {second} \(cat/2.jpg\) under pets-1 is not of finite"):
        embeddings.put_embeddings(pets.session, model, vectors)
    assert embeddings.vectors_of(pets.session, model, [first, second]) == {}


@pytest.mark.parametrize("vector", [as_bytes(0, 0, 0), as_bytes(0, 0.9995, 0)], ids=["of none", "rounded"])
def test_an_embedding_may_be_of_no_length_or_a_little_off_one(
    pets: Library, model: int, vector: bytes
) -> None:
    image = pets.add("cat/1.jpg")
    embed(pets, model, image, vector)
    assert embeddings.vectors_of(pets.session, model, [image]) == {image: vector}


def test_an_embedding_that_cannot_be_searched_is_not_taken_over(pets: Library, model: int) -> None:
    spoilt, sound = pets.add("cat/1.jpg"), pets.add("cat/2.jpg")
    for image in (spoilt, sound):
        embed(pets, model, image)
    spoil = update(Embedding).where(Embedding.image_id == spoilt).values(vector=UNSOUND["not a number"])
    pets.session.execute(spoil)
    same = register(pets.session, "pets-2").id
    assert embeddings.copy_embeddings(pets.session, same, [spoilt, sound]) == {sound}
