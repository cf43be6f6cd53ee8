"""A picture is found by what people call it, or the error says how to name it; on both databases."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from databases.errors import UnknownPicture
from databases.finding import files_of, find_content
from tests.databases.filling import ROOT_URI, Library, content

A, B = content("a"), content("b")


@pytest.fixture
def pets(session: Session) -> Library:
    """a twice, b once; two different files are called 1.jpg."""
    pets = Library(session)
    for uri, sha256 in (("cat/1.jpg", A), ("cat/copy.jpg", A), ("dog/1.jpg", B)):
        pets.add(uri, sha256=sha256)
    pets.add("dog/unreadable.jpg", sha256=None, status="invalid")
    return pets


@pytest.mark.usefixtures("pets")
@pytest.mark.parametrize("name", [f"{ROOT_URI}/cat/1.jpg", "cat/1.jpg", "copy.jpg", A, A[:6], A[:20].upper()])
def test_a_picture_answers_to_its_path_its_name_and_its_content(session: Session, name: str) -> None:
    assert find_content(session, "pets", name) == A


def test_a_picture_answers_to_its_id(session: Session, pets: Library) -> None:
    image = pets.add("cat/9.jpg", sha256=content("nine"))
    assert find_content(session, "pets", str(image)) == content("nine")


def test_a_path_from_here_is_under_its_root(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real" / "cat").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    Library(session, uri=str((tmp_path / "real").resolve())).add("cat/1.jpg", sha256=A)
    monkeypatch.chdir(tmp_path / "link" / "cat")
    for name in ("1.jpg", "./1.jpg", "../cat/1.jpg", str(tmp_path / "link" / "cat" / "1.jpg")):
        assert find_content(session, "pets", name) == A


def test_a_picture_in_an_object_store_answers_to_its_address(session: Session) -> None:
    Library(session, uri="s3://pets/2026").add("cat/1.jpg", sha256=A)
    assert find_content(session, "pets", "s3://pets/2026/cat/1.jpg") == A


@pytest.mark.usefixtures("pets")
def test_a_name_of_several_pictures_asks_which_one_is_meant(session: Session) -> None:
    expected = rf"'1\.jpg' may be {ROOT_URI}/cat/1\.jpg \(id \d+\), {ROOT_URI}/dog/1\.jpg \(id \d+\): name it"
    with pytest.raises(UnknownPicture, match=expected):
        find_content(session, "pets", "1.jpg")


def test_of_very_many_pictures_some_are_named(session: Session, pets: Library) -> None:
    for number in range(4):
        pets.add(f"{number}/same.jpg")
    with pytest.raises(UnknownPicture, match="and 1 more: name it by its id"):
        find_content(session, "pets", "same.jpg")


@pytest.mark.usefixtures("pets")
@pytest.mark.parametrize("name", ["absent.jpg", "99999999", "9" * 40, A[:5], "", "%"])
def test_a_picture_that_is_not_there_is_told_how_to_name(session: Session, name: str) -> None:
    with pytest.raises(UnknownPicture, match=f"task 'pets' has no picture '{name}': name it by its path"):
        find_content(session, "pets", name)


@pytest.mark.usefixtures("pets")
def test_nothing_is_decided_on_a_file_that_was_never_read(session: Session) -> None:
    with pytest.raises(UnknownPicture, match=r"dog/unreadable\.jpg could never be read"):
        find_content(session, "pets", "unreadable.jpg")


def test_a_picture_of_another_task_is_none_of_this_one(session: Session, pets: Library) -> None:
    Library(session, "zoo", task="zoo", uri="/zoo").add("cat/zoo.jpg", sha256=content("zoo"))
    with pytest.raises(UnknownPicture):
        find_content(session, pets.task, "/zoo/cat/zoo.jpg")


def test_every_copy_that_is_there_is_told(session: Session, pets: Library) -> None:
    pets.add("cat/gone.jpg", sha256=A, status="missing")
    pets.add("cat/excluded.jpg", sha256=B, excluded=True)
    many = [content(str(number)) for number in range(12_000)]
    assert files_of(session, "pets", [A, *many, B]) == {
        A: [f"{ROOT_URI}/cat/1.jpg", f"{ROOT_URI}/cat/copy.jpg"],
        B: [f"{ROOT_URI}/dog/1.jpg", f"{ROOT_URI}/cat/excluded.jpg"],
    }
