"""Queries on the library, on both databases."""

from collections import Counter

import pytest
from sqlalchemy.orm import Session

from databases import library
from databases.errors import RootConflict
from databases.library import LibraryImage, Refusal
from tests.databases.filling import ROOT_URI, Library, content


@pytest.fixture
def pets(session: Session) -> Library:
    """cat: 3 train, 1 val; dog: 2 train, 1 test; one without a label; one damaged, one gone."""
    pets = Library(session)
    for number in range(3):
        pets.add(f"cat/{number}.jpg")
    pets.add("cat/3.jpg", split="val")
    pets.add("dog/0.jpg")
    pets.add("dog/1.jpg")
    pets.add("dog/2.jpg", split="test")
    pets.add("lone.jpg", label=None, split=None)
    pets.add("dog/broken.jpg", status="invalid", reason="truncated_image", width=None, split=None)
    pets.add("dog/gone.jpg", status="missing")
    return pets


def names(images: list[LibraryImage]) -> list[str]:
    return [image.uri for image in images]


def test_damaged_and_missing_files_are_never_listed(session: Session, pets: Library) -> None:
    listed = library.root_images(session, "pets") + library.task_images(session, "pets")
    assert not {"dog/broken.jpg", "dog/gone.jpg"} & set(names(listed))
    assert library.refusals(session, pets.root_id) == [Refusal("dog/broken.jpg", "truncated_image")]


def test_a_picture_comes_back_with_all_that_is_known_of_it(session: Session, pets: Library) -> None:
    image_id = pets.add("owl/9.jpg")
    found = library.find_image(session, image_id)
    assert found == LibraryImage(
        id=image_id,
        root="pets",
        root_uri=ROOT_URI,
        uri="owl/9.jpg",
        file_name="9.jpg",
        bytes=3_000_000_000,
        width=48,
        height=32,
        format="JPEG",
        sha256=content(f"{pets.root_id}/owl/9.jpg"),
        label="owl",
        split="train",
        task="pets",
    )
    known = library.known_files(session, pets.root_id)["owl/9.jpg"]
    assert (known.id, known.bytes, known.modified_ns) == (image_id, 3_000_000_000, 1_790_000_000_123_456_789)


def test_only_usable_pictures_are_found_by_id(session: Session, pets: Library) -> None:
    ids = {uri: known.id for uri, known in library.known_files(session, pets.root_id).items()}
    found = library.find_images(session, [ids["cat/0.jpg"], ids["dog/broken.jpg"], 10**6])
    assert list(found) == [ids["cat/0.jpg"]]
    assert library.find_image(session, ids["dog/gone.jpg"]) is None


def test_labels_and_splits_are_counted(session: Session, pets: Library) -> None:
    assert library.count_labels(session, "pets") == {"cat": 4, "dog": 3}
    assert library.count_by_label_and_split(session, pets.root_id) == Counter(
        {
            ("cat", "train"): 3,
            ("cat", "val"): 1,
            ("dog", "train"): 2,
            ("dog", "test"): 1,
            (None, None): 1,
        }
    )


@pytest.mark.usefixtures("pets")
def test_tasks_keep_to_themselves_and_may_have_several_roots(session: Session) -> None:
    Library(session, "more-pets", uri="/elsewhere").add("cat/0.jpg")
    Library(session, "birds", task="birds", uri="/birds").add("owl/0.jpg")
    assert library.tasks(session) == ["birds", "pets"]
    assert library.count_labels(session, "birds") == {"owl": 1}
    assert library.count_labels(session, "pets") == {"cat": 5, "dog": 3}
    assert names(library.root_images(session, "more-pets")) == ["cat/0.jpg"]


def test_a_root_is_made_once_and_found_again(session: Session) -> None:
    first = library.get_or_create_root(session, "pets", ROOT_URI, "pets")
    assert library.get_or_create_root(session, "pets", ROOT_URI, "pets") == first


def test_a_name_is_not_given_to_a_second_folder_or_task(session: Session, pets: Library) -> None:
    with pytest.raises(RootConflict, match=r"'pets' is taken by /pictures/pets; .* --name"):
        library.get_or_create_root(session, pets.name, "/elsewhere", pets.task)
    with pytest.raises(RootConflict, match="was ingested for task 'pets', not 'birds'"):
        library.get_or_create_root(session, pets.name, pets.uri, "birds")


def test_nothing_to_write_is_written_without_complaint(session: Session, pets: Library) -> None:
    before = library.known_files(session, pets.root_id)
    library.add_images(session, [])
    library.update_images(session, [])
    assert library.known_files(session, pets.root_id) == before


def test_an_excluded_picture_is_known_but_not_used(session: Session) -> None:
    pets = Library(session)
    pets.add("cat/1.jpg")
    out = pets.add("cat/2.jpg", excluded=True)
    assert [image.uri for image in library.task_images(session, "pets")] == ["cat/1.jpg"]
    assert library.find_image(session, out) is None
    assert library.count_labels(session, "pets") == {"cat": 1}
    assert set(library.known_files(session, pets.root_id)) == {"cat/1.jpg", "cat/2.jpg"}
