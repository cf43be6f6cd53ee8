"""Queries on which pictures show the same, on both databases."""

from sqlalchemy.orm import Session

from databases import duplicates
from databases.duplicates import Comparable, Redundant
from tests.databases.filling import Library, content

HASH = "5a" * 32


def test_sound_pictures_can_be_compared_those_too_that_may_come_back(session: Session) -> None:
    pets = Library(session)
    here = pets.add("cat/1.jpg", perceptual_hash=HASH, duplicate_group=1, compared="hash")
    out = pets.add("cat/2.jpg", perceptual_hash=None, excluded=True)
    pets.add("cat/broken.jpg", status="invalid", reason="corrupt_image")
    gone = pets.add("cat/gone.jpg", status="missing", compared="embedding")
    Library(session, "birds", task="birds", uri="/birds").add("owl/0.jpg")
    assert duplicates.comparable(session, "pets") == [
        Comparable(here, content(f"{pets.root_id}/cat/1.jpg"), HASH, 1, "hash"),
        Comparable(out, content(f"{pets.root_id}/cat/2.jpg"), None, None, None),
        Comparable(gone, content(f"{pets.root_id}/cat/gone.jpg"), "00ff00ff00ff00ff", None, "embedding"),
    ]


def test_groups_are_written_by_id(session: Session) -> None:
    pets = Library(session)
    first, second = pets.add("cat/1.jpg", duplicate_group=7, compared="hash"), pets.add("cat/2.jpg")
    duplicates.write_groups(session, {first: None, second: first})
    duplicates.mark_compared(session, "embedding", [first])
    duplicates.mark_compared(session, "hash", [second])
    found = duplicates.comparable(session, "pets")
    assert [(one.group, one.compared) for one in found] == [(None, "embedding"), (first, "hash")]


def test_what_was_not_compared_and_what_only_by_its_hash_is_known(session: Session) -> None:
    pets = Library(session)
    new = pets.add("cat/1.jpg")
    pets.add("cat/2.jpg", compared="hash")
    pets.add("cat/3.jpg", compared="embedding")
    pets.add("cat/4.jpg", compared="hash", excluded=True)
    pets.add("cat/gone.jpg", status="missing")
    assert duplicates.uncompared(session, "pets") == {new}
    assert duplicates.count_by_hash_alone(session, "pets") == 2


def test_nothing_to_write_is_written_without_complaint(session: Session) -> None:
    Library(session).add("a/1.jpg")
    before = duplicates.comparable(session, "pets")
    duplicates.write_groups(session, {})
    duplicates.mark_compared(session, "hash", [])
    assert duplicates.comparable(session, "pets") == before


def test_copies_and_look_alikes_of_a_root_are_counted(session: Session) -> None:
    pets = Library(session)
    same = content("the same")
    group = pets.add("a/1.jpg", sha256=same)
    pets.add("b/2.jpg", sha256=same, duplicate_group=group)
    pets.add("b/3.jpg", duplicate_group=group)
    pets.add("b/4.jpg")
    pets.add("b/5.jpg", sha256=same, duplicate_group=group, excluded=True)
    Library(session, "others", uri="/others").add("a/6.jpg", sha256=same, duplicate_group=group)
    assert duplicates.count_redundant(session, pets.root_id) == Redundant(copies=1, look_alikes=1)


def test_what_shows_the_same_as_some_contents_is_known(session: Session) -> None:
    pets = Library(session)
    pets.add("cat/1.jpg", sha256=content("a"), duplicate_group=55)
    pets.add("cat/2.png", sha256=content("b"), duplicate_group=55)
    pets.add("cat/3.png", sha256=content("c"), duplicate_group=55, excluded=True)
    pets.add("cat/4.jpg", sha256=content("d"))
    pets.add("cat/5.jpg", sha256=content("e"), duplicate_group=77)
    same = frozenset(content(name) for name in ("a", "b", "c"))
    assert duplicates.showing_the_same(session, frozenset({content("b")})) == same
    alone = frozenset({content("d"), content("no picture of the library")})
    assert duplicates.showing_the_same(session, alone) == alone


def test_what_lies_in_several_splits_is_counted(session: Session) -> None:
    pets = Library(session)
    group = pets.add("cat/1.jpg", split="train")
    pets.add("cat/2.jpg", split="test", duplicate_group=group)
    pets.add("cat/3.jpg", split="test", duplicate_group=group)
    same = content("the same")
    pets.add("cat/4.jpg", split="val", sha256=same)
    pets.add("cat/5.jpg", split="train", sha256=same)
    other = pets.add("cat/6.jpg", split="test", duplicate_group=77)
    pets.add("cat/7.jpg", split="test", duplicate_group=77)
    pets.add("cat/8.jpg", split="val", duplicate_group=77, excluded=True)
    Library(session, "birds", task="birds", uri="/birds").add("owl/0.jpg", split="train", duplicate_group=77)
    assert other
    assert duplicates.count_parted(session, "pets") == 1  # the first is in no group itself
    duplicates.write_groups(session, {group: group})
    assert duplicates.count_parted(session, "pets") == 2
