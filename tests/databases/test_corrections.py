"""What people decide on pictures holds, outlives what their folders say, and can be taken back; on both
databases."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from databases import corrections, label_operations, library
from databases.errors import NothingToUndo
from databases.labelling import apply_labelling
from databases.models import Correction, Image
from tests.databases.filling import Library, content

A, B = content("a"), content("b")


@pytest.fixture
def pets(session: Session) -> Library:
    """Two pictures, the first of them twice."""
    pets = Library(session)
    for uri, sha256 in (("cat/a.jpg", A), ("dog/copy of a.jpg", A), ("dog/b.jpg", B)):
        pets.add(uri, sha256=sha256)
    return pets


def labels(session: Session, task: str = "pets") -> dict[str, str | None]:
    """Of the usable pictures, by URI."""
    return {image.uri: image.label for image in library.task_images(session, task)}


def test_a_corrected_label_goes_to_every_copy_of_the_picture(session: Session, pets: Library) -> None:
    assert len(corrections.add(session, pets.task, [A], "label", label="fox", reason="red tail")) == 1
    assert labels(session) == {"cat/a.jpg": "fox", "dog/copy of a.jpg": "fox", "dog/b.jpg": "dog"}
    decision = corrections.effective(session, pets.task)[A]
    assert (decision.label, decision.excluded, decision.reason) == ("fox", None, "red tail")


def test_an_excluded_picture_is_not_used_until_it_is_included(session: Session, pets: Library) -> None:
    corrections.add(session, pets.task, [A, B, B], "exclude")
    assert labels(session) == {}
    corrections.add(session, pets.task, [B], "include", reason="was fine")
    assert labels(session) == {"dog/b.jpg": "dog"}
    effective = corrections.effective(session, pets.task)
    assert (effective[A].excluded, effective[B].excluded, effective[B].reason) == (True, False, "was fine")


def test_splits_stay_as_they_are(session: Session, pets: Library) -> None:
    pets.add("dog/c.jpg", sha256=content("c"), split="test")
    before = {image.uri: image.split for image in library.task_images(session, "pets")}
    corrections.add(session, pets.task, [A, content("c")], "label", label="fox")
    assert {image.uri: image.split for image in library.task_images(session, "pets")} == before


def test_the_last_decision_holds_and_what_was_before_it_returns_when_it_is_undone(
    session: Session, pets: Library
) -> None:
    for label in ("fox", "wolf"):
        corrections.add(session, pets.task, [B], "label", label=label)
    corrections.add(session, pets.task, [B], "exclude")
    assert corrections.effective(session, pets.task)[B].label == "wolf"
    seen = []
    for _ in range(3):
        assert corrections.undo(session, corrections.latest(session, pets.task)) == 1
        seen.append(labels(session).get("dog/b.jpg"))
    assert seen == ["wolf", "fox", "dog"]
    assert corrections.latest(session, pets.task) == []
    assert corrections.effective(session, pets.task) == {}


def test_what_was_decided_at_once_is_undone_at_once(session: Session, pets: Library) -> None:
    corrections.add(session, pets.task, [A], "label", label="fox")
    corrections.add(session, pets.task, [A, B], "exclude")
    assert len(corrections.latest(session, pets.task)) == 2
    corrections.undo(session, corrections.latest(session, pets.task))
    assert labels(session)["cat/a.jpg"] == "fox"


def test_every_decision_stays_on_record_with_its_reason(session: Session, pets: Library) -> None:
    corrections.add(session, pets.task, [A], "exclude", reason="blurred")
    corrections.add(session, pets.task, [B], "label", label="fox")
    corrections.undo(session, corrections.latest(session, pets.task))
    last, first = corrections.listed(session, pets.task)
    assert (first.sha256, first.kind, first.reason, first.undone_at) == (A, "exclude", "blurred", None)
    assert (last.sha256, last.kind, last.label) == (B, "label", "fox")
    assert last.undone_at is not None
    assert last.undone_at >= last.made_at > first.made_at


def test_decisions_keep_their_order_when_the_clock_goes_back(session: Session, pets: Library) -> None:
    corrections.add(session, pets.task, [B], "label", label="fox")
    (first,) = corrections.listed(session, pets.task)
    ahead = first.made_at + timedelta(days=1)
    session.execute(update(Correction).values(made_at=ahead))
    corrections.add(session, pets.task, [B], "label", label="wolf")
    assert corrections.listed(session, pets.task)[0].made_at > ahead


def test_what_does_not_hold_cannot_be_undone(session: Session, pets: Library) -> None:
    corrections.add(session, pets.task, [A], "exclude")
    (made,) = corrections.latest(session, pets.task)
    corrections.undo(session, [made])
    for unknown in (made, made + 1):
        with pytest.raises(NothingToUndo, match=f"no decision {unknown} holds; see: menagerie pictures"):
            corrections.undo(session, [unknown])


def test_a_task_knows_nothing_of_what_was_decided_for_another(session: Session, pets: Library) -> None:
    Library(session, "zoo", task="zoo", uri="/zoo").add("cat/a.jpg", sha256=A)
    corrections.add(session, pets.task, [A], "label", label="fox")
    corrections.add(session, pets.task, [B], "exclude")
    assert labels(session, "zoo") == {"cat/a.jpg": "cat"}
    assert corrections.effective(session, "zoo") == {}


def test_a_file_that_comes_back_is_as_it_was_decided_meanwhile(session: Session, pets: Library) -> None:
    gone = pets.add("dog/c.jpg", sha256=content("c"), status="missing")
    corrections.add(session, pets.task, [content("c")], "label", label="fox")
    library.update_images(session, [{"id": gone, "status": "ok"}])
    assert labels(session)["dog/c.jpg"] == "fox"


def test_a_decision_on_a_picture_that_is_not_there_yet_waits_for_it(session: Session, pets: Library) -> None:
    corrections.add(session, pets.task, [content("c")], "exclude")
    pets.add("dog/c.jpg", sha256=content("c"))
    pets.add("dog/d.jpg", sha256=content("d"), label=None, source_label="dog")
    apply_labelling(session, pets.task)
    assert "dog/c.jpg" not in labels(session)
    assert labels(session)["dog/d.jpg"] == "dog"


def test_rows_that_are_right_are_not_written_again(session: Session, pets: Library) -> None:
    corrections.add(session, pets.task, [A], "label", label="fox")
    before = session.execute(select(Image.id, Image.ingested_at)).all()
    apply_labelling(session, pets.task)
    assert session.execute(select(Image.id, Image.ingested_at)).all() == before


def test_thousands_are_decided_and_undone_at_once(session: Session, pets: Library) -> None:
    many = [content(str(number)) for number in range(6_000)]
    assert len(corrections.add(session, pets.task, many, "exclude")) == 6_000
    assert corrections.undo(session, corrections.latest(session, pets.task)) == 6_000
    held = select(func.count()).select_from(Correction).where(Correction.undone_at.is_(None))
    assert session.scalar(held) == 0


@pytest.mark.parametrize(("kind", "label"), [("label", None), ("label", ""), ("exclude", "cat")])
def test_a_label_belongs_to_a_decision_on_labels_alone(
    session: Session, kind: corrections.Kind, label: str | None
) -> None:
    with pytest.raises(ValueError, match=f"a decision of kind '{kind}' with label"):
        corrections.add(session, "pets", [A], kind, label=label)


def test_decisions_tell_whose_they_are_and_come_by_pages(session: Session, pets: Library) -> None:
    first = corrections.add(session, pets.task, [A, B], "exclude", made_by="Anna")
    second = corrections.add(session, pets.task, [A], "include")
    page = corrections.page(session, pets.task, None, 2)
    assert [(one.id, one.made_by) for one in page] == [(second[0], None), (first[1], "Anna")]
    (last,) = corrections.page(session, pets.task, page[-1].id, 2)
    assert (last.id, last.sha256) == (first[0], A)


def test_a_task_takes_back_only_its_own_decisions(session: Session, pets: Library) -> None:
    ids = corrections.add(session, pets.task, [A], "exclude")
    with pytest.raises(NothingToUndo):
        corrections.undo(session, ids, "birds")
    assert corrections.undo(session, ids, pets.task) == 1


def test_an_undone_decision_leaves_what_became_of_the_folders_label(session: Session, pets: Library) -> None:
    label_operations.rename(session, pets.task, "dog", "hound")
    ids = corrections.add(session, pets.task, [B], "label", label="fox")
    corrections.undo(session, ids)
    assert labels(session)["dog/b.jpg"] == "hound"
