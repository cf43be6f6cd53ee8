"""What a model is trained on, and how it is told apart from other data."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import corrections
from tests.drawing import draw_class_folders
from tests.training.making import image, take_in
from training.dataset import Dataset, fingerprint, load_dataset
from training.errors import NoPictures
from training.ingestion.run import SplitPlan

PICTURES = [image(1, "cat", "train"), image(2, "dog", "val"), image(3, "dog", "test")]


def test_a_fingerprint_does_not_depend_on_place_id_or_order() -> None:
    moved = [replace(i, id=i.id + 50, root_uri="/elsewhere", uri=f"x/{i.uri}") for i in reversed(PICTURES)]
    assert fingerprint(moved) == fingerprint(PICTURES)


@pytest.mark.parametrize(
    "changed",
    [
        [replace(PICTURES[0], label="dog"), *PICTURES[1:]],
        [replace(PICTURES[0], split="val"), *PICTURES[1:]],
        [replace(PICTURES[0], sha256="0" * 64), *PICTURES[1:]],
        PICTURES[1:],
        [*PICTURES, PICTURES[0]],
    ],
    ids=["label", "split", "content", "one less", "a copy more"],
)
def test_a_fingerprint_changes_with_what_a_model_would_learn(changed: list[object]) -> None:
    assert fingerprint(changed) != fingerprint(PICTURES)  # type: ignore[arg-type]


def test_labels_that_no_test_picture_shows_are_known() -> None:
    labels = ("cat", "dog", "owl")
    val = (image(1, "cat", "val"), image(2, "dog", "val"))
    held = Dataset("drawn", labels, (), val, (image(3, "cat", "test"),))
    assert (held.unmeasured, held.untested) == (("owl",), ("dog",))
    assert replace(held, test=()).untested == ()


def test_a_data_set_holds_every_labelled_picture_once_by_split(engine: Engine, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "pictures", per_label=10)
    shutil.copy(folder / "red" / "0.jpg", folder / "lone.jpg")
    take_in(engine, folder)
    dataset = load_dataset(engine, "colours")
    assert dataset.labels == ("blue", "green", "red")
    assert len({i.id for i in dataset.train + dataset.val + dataset.test}) == 30
    assert [dataset.labels[i] for i in dataset.targets(dataset.test)] == [i.label for i in dataset.test]
    for name in ("train", "val", "test"):
        assert {i.split for i in getattr(dataset, name)} == {name}


def test_shares_of_labels_are_those_of_the_train_split_after_what_people_decided(
    engine: Engine, tmp_path: Path
) -> None:
    take_in(engine, draw_class_folders(tmp_path / "colours", per_label=10))
    train = load_dataset(engine, "colours").train
    blue, green = ([image.sha256 for image in train if image.label == label] for label in ("blue", "green"))
    with Session(engine) as session, session.begin():
        corrections.add(session, "colours", blue[:2], "exclude")
        corrections.add(session, "colours", green[:3], "label", label="red")
    dataset = load_dataset(engine, "colours")
    assert dataset.labels == ("blue", "green", "red")
    left = np.array([len(blue) - 2, len(green) - 3, len(train) - len(blue) - len(green) + 3])
    assert dataset.label_shares == pytest.approx(left / (len(train) - 2))


def test_the_same_pictures_elsewhere_are_the_same_data_set(engine: Engine, tmp_path: Path) -> None:
    first = draw_class_folders(tmp_path / "first", per_label=6)
    second = Path(shutil.copytree(first, tmp_path / "second"))
    take_in(engine, first, "first")
    take_in(engine, second, "second")
    assert load_dataset(engine, "first").fingerprint == load_dataset(engine, "second").fingerprint


def test_an_empty_library_says_what_to_run(engine: Engine) -> None:
    with pytest.raises(NoPictures, match="the library is empty, run: menagerie ingest DIR"):
        load_dataset(engine, "colours")


def test_an_unknown_task_names_the_known_ones(engine: Engine, tmp_path: Path) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=2))
    with pytest.raises(NoPictures, match="task 'colors' has no labelled picture; the library has: colours"):
        load_dataset(engine, "colors")


def test_one_label_is_nothing_to_tell_apart(engine: Engine, tmp_path: Path) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", 5, labels=("red",)))
    with pytest.raises(NoPictures, match="training needs two folders of pictures or more"):
        load_dataset(engine, "colours")


def test_too_few_pictures_to_hold_any_back_are_refused(engine: Engine, tmp_path: Path) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=2))
    with pytest.raises(NoPictures, match="has no usable picture in its val split: give it 5 a label or more"):
        load_dataset(engine, "colours")


def test_a_label_that_only_the_held_back_pictures_have_is_refused(engine: Engine, tmp_path: Path) -> None:
    for split, labels in (("train", ("red", "green")), ("val", ("red",)), ("test", ("blue",))):
        draw_class_folders(tmp_path / "pictures" / split, 2, labels)
    take_in(engine, tmp_path / "pictures", plan=SplitPlan())
    with pytest.raises(NoPictures, match="no picture of blue is in the training split of 'colours'"):
        load_dataset(engine, "colours")
