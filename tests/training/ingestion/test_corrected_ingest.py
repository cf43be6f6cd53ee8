"""What people decided outlives every ingest, whatever became of the files meanwhile."""

import hashlib
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import corrections, library
from databases.corrections import Kind
from tests.drawing import draw_class_folders, picture
from tests.training.making import pictures_of, take_in
from training.ingestion.run import SplitPlan
from training.ingestion.table import write_table

RED, GREEN = picture("red", 0), picture("green", 0)


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    """Five red and five green pictures, ingested; then red/0 was called scarlet, and green/0 excluded."""
    folder = draw_class_folders(tmp_path / "pictures", per_label=5, labels=("red", "green"))
    take_in(engine, folder)
    decide(engine, RED, "label", "scarlet")
    decide(engine, GREEN, "exclude")
    return folder


def decide(
    engine: Engine, data: bytes, kind: Kind, label: str | None = None, *, task: str = "colours"
) -> None:
    with Session(engine) as session, session.begin():
        corrections.add(session, task, [hashlib.sha256(data).hexdigest()], kind, label=label)


def labels(engine: Engine, task: str = "colours") -> dict[str, str | None]:
    return {uri: image.label for uri, image in pictures_of(engine, task).items()}


def catalogue(engine: Engine, task: str) -> Counter[tuple[str, str | None, str | None]]:
    return Counter((i.sha256, i.label, i.split) for i in pictures_of(engine, task).values())


def test_the_next_ingest_changes_nothing(engine: Engine, folder: Path) -> None:
    before = pictures_of(engine)
    assert before["red/0.jpg"].label == "scarlet"
    assert "green/0.jpg" not in before
    take_in(engine, folder)
    assert pictures_of(engine) == before


def test_moved_files_and_copies_are_what_was_decided(engine: Engine, folder: Path) -> None:
    shutil.move(folder / "red" / "0.jpg", folder / "green" / "moved.jpg")
    shutil.copy(folder / "green" / "0.jpg", folder / "red" / "copy.jpg")
    shutil.copy(folder / "green" / "moved.jpg", folder / "lone.jpg")
    take_in(engine, folder)
    found = labels(engine)
    assert (found["green/moved.jpg"], found["lone.jpg"]) == ("scarlet", "scarlet")
    assert not {"red/0.jpg", "green/0.jpg", "red/copy.jpg"} & found.keys()


def test_a_renamed_folder_renames_only_what_nobody_corrected(engine: Engine, folder: Path) -> None:
    (folder / "red").rename(folder / "crimson")
    take_in(engine, folder)
    found = labels(engine)
    assert (found["crimson/0.jpg"], found["crimson/1.jpg"]) == ("scarlet", "crimson")


def test_moved_files_stay_in_their_split(engine: Engine, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "pictures", per_label=9)
    take_in(engine, folder)
    decide(engine, picture("blue", 1), "exclude")
    before = {image.sha256: image.split for image in pictures_of(engine).values()}
    for label in ("red", "green", "blue"):
        (folder / label).rename(folder / f"more {label}")
    take_in(engine, folder, plan=SplitPlan(seed=5))
    assert {image.sha256: image.split for image in pictures_of(engine).values()} == before


def test_another_folder_of_the_task_knows_the_decisions(engine: Engine, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "others")
    take_in(engine, tmp_path / "others", name="others")
    with Session(engine) as session:
        others = {image.uri: image.label for image in library.root_images(session, "others")}
    assert others["red/0.jpg"] == "scarlet"
    assert "green/0.jpg" not in others


def test_another_picture_under_the_name_of_a_corrected_one_is_what_its_folder_says(
    engine: Engine, folder: Path
) -> None:
    for name in ("red/0.jpg", "green/0.jpg"):
        (folder / name).write_bytes(picture("blue", 77, "PNG"))
    take_in(engine, folder)
    found = labels(engine)
    assert (found["red/0.jpg"], found["green/0.jpg"]) == ("red", "green")


def test_a_relabelled_picture_keeps_its_split(engine: Engine, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "pictures", per_label=8)
    take_in(engine, folder)
    before = {uri: image.split for uri, image in pictures_of(engine).items()}
    for number in range(8):
        decide(engine, picture("red", number), "label", "green")
    take_in(engine, folder)
    assert {uri: image.split for uri, image in pictures_of(engine).items()} == before


@pytest.mark.parametrize("plan", [SplitPlan(), SplitPlan(test=0)], ids=["three splits", "no test split"])
def test_a_corrected_library_written_as_a_table_comes_back_as_the_same_catalogue(
    engine: Engine, folder: Path, tmp_path: Path, plan: SplitPlan
) -> None:
    (folder / "lone.jpg").write_bytes(picture("blue", 50))
    draw_class_folders(folder, per_label=9, labels=("blue",))
    take_in(engine, folder, "more", plan=plan)
    decide(engine, RED, "label", "scarlet", task="more")
    decide(engine, GREEN, "exclude", task="more")
    out = tmp_path / "library.csv"
    with Session(engine) as session:
        write_table(library.root_images(session, "more"), out)
    take_in(engine, out, "again")
    written = catalogue(engine, "more")
    assert catalogue(engine, "again") == written
    assert {label for _, label, _ in written} == {"scarlet", "red", "green", "blue", None}
    assert written.total() == 19
