"""A task's labels are renamed, merged and dropped, and come back as they were; on both databases."""

import pytest
from sqlalchemy.orm import Session

from databases import corrections, label_operations, library
from databases.errors import BadLabel, NothingToUndo, UnknownLabel
from databases.labelling import apply_labelling
from tests.databases.filling import Library, content

LION = content("lion")


@pytest.fixture
def zoo(session: Session) -> Library:
    zoo = Library(session, "zoo", task="zoo", uri="/zoo")
    zoo.add("lion/1.jpg", sha256=LION)
    for uri in ("lion/2.jpg", "tiger/3.jpg", "car/4.jpg"):
        zoo.add(uri, sha256=content(uri))
    zoo.add("5.jpg", label=None)
    return zoo


def labels(session: Session, task: str = "zoo") -> dict[str, str | None]:
    """Of the usable pictures, by URI."""
    return {image.uri: image.label for image in library.task_images(session, task)}


def undo_last(session: Session) -> list[str]:
    last = label_operations.latest(session, "zoo")
    return [one.label for one in label_operations.undo(session, "zoo", last)]


def test_a_renamed_label_is_another_word_for_the_same_pictures(session: Session, zoo: Library) -> None:
    before = labels(session)
    label_operations.rename(session, "zoo", "lion", "panthera leo")
    expected = {uri: "panthera leo" if label == "lion" else label for uri, label in before.items()}
    assert labels(session) == expected
    assert library.labels(session, "zoo") == {"panthera leo", "tiger", "car"}
    assert undo_last(session) == ["lion"]
    assert labels(session) == before
    assert library.count_labels(zoo.session, "zoo") == {"lion": 2, "tiger": 1, "car": 1}


@pytest.mark.usefixtures("zoo")
def test_merged_labels_are_one_and_undone_at_once(session: Session) -> None:
    before = labels(session)
    label_operations.merge(session, "zoo", ["lion", "tiger"], "big cat")
    assert library.count_labels(session, "zoo") == {"big cat": 3, "car": 1}
    assert undo_last(session) == ["lion", "tiger"]
    assert labels(session) == before


@pytest.mark.usefixtures("zoo")
def test_a_label_may_be_merged_into_one_of_its_own_kind(session: Session) -> None:
    label_operations.merge(session, "zoo", ["lion", "tiger"], "lion")
    assert library.count_labels(session, "zoo") == {"lion": 3, "car": 1}


@pytest.mark.usefixtures("zoo")
def test_pictures_of_a_dropped_label_are_not_used_but_known(session: Session) -> None:
    before = labels(session)
    label_operations.drop(session, "zoo", ["car"])
    assert labels(session) == {uri: label for uri, label in before.items() if label != "car"}
    assert library.labels(session, "zoo") == {"lion", "tiger"}
    undo_last(session)
    assert labels(session) == before


def test_what_comes_in_later_is_changed_likewise(session: Session, zoo: Library) -> None:
    label_operations.rename(session, "zoo", "lion", "panthera leo")
    label_operations.drop(session, "zoo", ["car"])
    for uri in ("lion/6.jpg", "car/7.jpg", "owl/8.jpg"):
        zoo.add(uri, label=None, source_label=uri.partition("/")[0])
    apply_labelling(session, "zoo")
    found = labels(session)
    assert (found["lion/6.jpg"], found["owl/8.jpg"]) == ("panthera leo", "owl")
    assert "car/7.jpg" not in found


@pytest.mark.usefixtures("zoo")
def test_operations_follow_one_another_and_each_may_be_undone(session: Session) -> None:
    label_operations.rename(session, "zoo", "lion", "old tiger")
    label_operations.rename(session, "zoo", "tiger", "lion")
    label_operations.rename(session, "zoo", "old tiger", "tiger")  # the two have swapped their names
    assert library.count_labels(session, "zoo") == {"tiger": 2, "lion": 1, "car": 1}
    first, second, third = label_operations.listed(session, "zoo")
    label_operations.undo(session, "zoo", [first.id])
    assert library.count_labels(session, "zoo") == {"lion": 3, "car": 1}
    label_operations.undo(session, "zoo", [third.id, second.id])
    assert library.count_labels(session, "zoo") == {"lion": 2, "tiger": 1, "car": 1}
    assert all(one.undone_at for one in label_operations.listed(session, "zoo"))


@pytest.mark.usefixtures("zoo")
def test_a_corrected_picture_follows_what_becomes_of_its_label_later(session: Session) -> None:
    label_operations.rename(session, "zoo", "lion", "lioness")
    corrections.add(session, "zoo", [LION], "label", label="lion")
    assert labels(session)["lion/1.jpg"] == "lion"
    label_operations.rename(session, "zoo", "lion", "cub")
    assert (labels(session)["lion/1.jpg"], labels(session)["lion/2.jpg"]) == ("cub", "lioness")
    label_operations.drop(session, "zoo", ["cub"])
    assert "lion/1.jpg" not in labels(session)


@pytest.mark.usefixtures("zoo")
def test_people_take_single_pictures_out_of_a_dropped_label(session: Session) -> None:
    label_operations.drop(session, "zoo", ["lion"])
    corrections.add(session, "zoo", [LION], "label", label="tiger")
    assert labels(session)["lion/1.jpg"] == "tiger"
    corrections.undo(session, corrections.latest(session, "zoo"))
    corrections.add(session, "zoo", [LION], "include")
    assert labels(session)["lion/1.jpg"] is None
    assert "lion/2.jpg" not in labels(session)


@pytest.mark.usefixtures("zoo")
def test_a_label_that_is_not_there_is_told_with_the_nearest(session: Session) -> None:
    with pytest.raises(UnknownLabel, match=r"task 'zoo' has no label 'loin'; did you mean 'lion'\? see: "):
        label_operations.rename(session, "zoo", "loin", "panthera leo")
    with pytest.raises(UnknownLabel, match="'zoo' has no label 'aardvark'; see: menagerie labels list"):
        label_operations.drop(session, "zoo", ["lion", "aardvark"])
    with pytest.raises(UnknownLabel, match="has no label 'puma'"):
        label_operations.merge(session, "zoo", ["lion", "puma"], "tiger")
    with pytest.raises(UnknownLabel, match="nothing to merge into 'lion' but itself"):
        label_operations.merge(session, "zoo", ["lion"], "lion")
    assert label_operations.listed(session, "zoo") == []


@pytest.mark.usefixtures("zoo")
def test_a_name_that_is_taken_is_not_given_by_mistake(session: Session) -> None:
    with pytest.raises(BadLabel, match="labels merge 'lion' --into 'tiger'"):
        label_operations.rename(session, "zoo", "lion", "tiger")


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_what_is_no_name_names_no_label(session: Session, name: str) -> None:
    with pytest.raises(BadLabel, match="cannot name a label: use 1 to 200 characters"):
        label_operations.rename(session, "zoo", "lion", name)
    with pytest.raises(BadLabel, match="cannot name a label"):
        label_operations.merge(session, "zoo", ["lion"], name)


def test_operations_of_another_task_are_left_alone(session: Session, zoo: Library) -> None:
    Library(session, "cars", task="cars", uri="/cars").add("lion/1.jpg", sha256=LION)
    label_operations.drop(session, zoo.task, ["lion"])
    assert labels(session, "cars") == {"lion/1.jpg": "lion"}
    (made,) = label_operations.latest(session, "zoo")
    for task, unknown in (("cars", made), ("zoo", made + 1)):
        with pytest.raises(NothingToUndo, match=f"no operation {unknown} holds in task '{task}'"):
            label_operations.undo(session, task, [unknown])
    label_operations.undo(session, "zoo", [made])
    with pytest.raises(NothingToUndo, match=f"no operation {made} holds"):
        label_operations.undo(session, "zoo", [made])
    assert label_operations.latest(session, "zoo") == []


def test_hundreds_of_labels_are_changed_at_once(session: Session) -> None:
    zoo = Library(session, "zoo", task="zoo", uri="/zoo")
    names = [str(number) for number in range(1100)]
    zoo.add_all([f"{name}/1.jpg" for name in names])
    label_operations.merge(session, "zoo", names[:510], "big")
    label_operations.drop(session, "zoo", names[510:1050])
    assert library.count_labels(session, "zoo") == {"big": 510} | dict.fromkeys(names[1050:], 1)
    undo_last(session)
    undo_last(session)
    assert labels(session) == {f"{name}/1.jpg": name for name in names}


def test_a_label_that_reads_like_another_is_told_from_it() -> None:
    label_operations.check_alike("lynx", ["lion"])
    label_operations.check_alike("lion", ["lion", "Lion"])
    for alike in ("Lion", "LION", "\uff4cion", "lion ", " lion"):
        with pytest.raises(BadLabel, match="reads like 'lion'"):
            label_operations.check_alike(alike, ["lynx", "lion"])
