"""What a check found, on both databases."""

import pytest
from sqlalchemy.orm import Session

from databases import corrections, findings
from databases.corrections import Kind as Decided
from databases.findings import Ranked
from tests.databases.filling import Library, content


@pytest.fixture
def pets(session: Session) -> Library:
    """Two pictures; of the first a dark one that may be a dog is found."""
    pets = Library(session)
    first = pets.add("cat/0.jpg", sha256=content("a"))
    pets.add("cat/1.jpg", sha256=content("b"))
    findings.replace(session, "pets", [Ranked(first, "dark", 0, None), Ranked(first, "suspect", 0, "dog")])
    return pets


def test_what_was_found_is_told_and_counted(session: Session, pets: Library) -> None:
    first = pets.add("dog/0.jpg")
    assert findings.of_image(session, first - 2) == [
        Ranked(first - 2, "suspect", 0, "dog"),
        Ranked(first - 2, "dark", 0, None),
    ]
    assert findings.of_image(session, first) == []
    assert findings.counts(session, "pets") == {"suspect": 1, "dark": 1}
    assert findings.counts(session, "birds") == {}


def test_a_check_replaces_what_the_one_before_found_in_its_own_task(session: Session, pets: Library) -> None:
    owl = Library(session, "birds", task="birds", uri="/birds").add("owl/0.jpg")
    findings.replace(session, "birds", [Ranked(owl, "tiny", 0, None)])
    findings.replace(session, "pets", [])
    assert findings.counts(session, pets.task) == {}
    assert findings.counts(session, "birds") == {"tiny": 1}


@pytest.mark.usefixtures("pets")
@pytest.mark.parametrize(
    ("kind", "label", "left"),
    [
        ("label", "cat", {"dark": 1}),
        ("include", None, {}),
        ("exclude", None, {}),
    ],
)
def test_what_is_found_of_a_picture_ends_with_a_decision_and_comes_back_without_it(
    session: Session, kind: Decided, label: str | None, left: dict[str, int]
) -> None:
    corrections.add(session, "pets", [content("a")], kind, label=label)
    assert findings.counts(session, "pets") == left
    corrections.undo(session, corrections.latest(session, "pets"))
    assert findings.counts(session, "pets") == {"suspect": 1, "dark": 1}


def test_what_was_found_is_forgotten_of_some_pictures(session: Session, pets: Library) -> None:
    other = pets.add("dog/0.jpg")
    findings.replace(session, "pets", [Ranked(other, "blurry", 0, None), Ranked(other - 1, "dark", 0, None)])
    findings.forget(session, [other])
    assert findings.counts(session, "pets") == {"dark": 1}
