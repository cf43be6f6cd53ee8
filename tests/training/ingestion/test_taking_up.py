"""A training takes up what people gave a label since the last ingest, as an ingest would."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import corrections, kept, library
from databases.library import LibraryImage
from tests.drawing import draw_class_folders, draw_scene, encode, picture
from tests.training.making import take_in
from training.dataset import load_dataset
from training.ingestion.taking_up import take_up
from training.progress import Silent

TASK = "colours"


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads" / TASK
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def _library(engine: Engine, tmp_path: Path) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=10))


def keep(engine: Engine, uploads: Path, data: bytes) -> str:
    """What the service does with a picture that it may keep; its content hash."""
    sha256 = hashlib.sha256(data).hexdigest()
    file = uploads / f"{sha256}.jpg"
    file.write_bytes(data)
    row = {"uri": file.name, "file_name": file.name, "bytes": len(data), "sha256": sha256}
    row |= {"modified_ns": file.stat().st_mtime_ns, "format": "JPEG"}
    row |= {"width": 48, "height": 32, "aspect_ratio": 1.5}
    with Session(engine) as session, session.begin():
        kept.add(session, TASK, str(uploads), row)
    return sha256


def decide(engine: Engine, sha256s: list[str], label: str) -> None:
    with Session(engine) as session, session.begin():
        corrections.add(session, TASK, sha256s, "label", label=label)


def found(engine: Engine, sha256: str) -> LibraryImage:
    with Session(engine) as session:
        return next(image for image in library.task_images(session, TASK) if image.sha256 == sha256)


def test_only_what_somebody_gave_a_label_is_learnt_from(engine: Engine, uploads: Path) -> None:
    labelled, unlabelled = (keep(engine, uploads, picture("red", number)) for number in (50, 51))
    assert take_up(engine, TASK, None, Silent()) == 0
    decide(engine, [labelled], "red")
    assert take_up(engine, TASK, None, Silent()) == 1
    dataset = load_dataset(engine, TASK)
    learnt = {image.sha256: image.label for image in dataset.train + dataset.val + dataset.test}
    assert learnt[labelled] == "red"
    assert unlabelled not in learnt
    assert take_up(engine, TASK, None, Silent()) == 0


def test_what_shows_the_same_as_a_held_back_picture_is_never_learnt_from(
    engine: Engine, uploads: Path, tmp_path: Path
) -> None:
    scenes = tmp_path / "scenes" / "red"
    scenes.mkdir(parents=True)
    for number in range(8):
        (scenes / f"{number}.jpg").write_bytes(encode(draw_scene(number)))
    take_in(engine, tmp_path / "scenes", name="scenes")
    with Session(engine) as session:
        before = {image.uri: image.split for image in library.root_images(session, "scenes")}
    assert len(set(before.values())) > 1
    smaller = [encode(draw_scene(number).resize((120, 90)), quality=60) for number in range(8)]
    copies = [keep(engine, uploads, data) for data in smaller]
    decide(engine, copies, "red")
    assert take_up(engine, TASK, None, Silent()) == 8
    assert [found(engine, sha256).split for sha256 in copies] == list(before.values())


def test_splits_keep_the_shares_that_the_task_has(engine: Engine, uploads: Path) -> None:
    before = Counter(image.split for image in load_dataset(engine, TASK).members)
    fresh = [keep(engine, uploads, picture("red", number)) for number in range(60, 80)]
    decide(engine, fresh, "red")
    assert take_up(engine, TASK, None, Silent()) == 20
    after: Counter[str | None] = Counter(found(engine, sha256).split for sha256 in fresh)
    for split, count in before.items():
        assert abs(after[split] / 20 - count / 30) < 0.1


def test_a_new_label_begins_in_the_train_split(engine: Engine, uploads: Path) -> None:
    sha256 = keep(engine, uploads, picture("red", 50))
    decide(engine, [sha256], "crimson")
    take_up(engine, TASK, None, Silent())
    assert found(engine, sha256).split == "train"
    assert "crimson" in load_dataset(engine, TASK).labels


def test_a_kept_picture_that_was_lost_stops_no_training(engine: Engine, uploads: Path) -> None:
    lost, there = (keep(engine, uploads, picture("red", number)) for number in (50, 51))
    decide(engine, [lost, there], "red")
    (uploads / f"{lost}.jpg").unlink()
    assert take_up(engine, TASK, None, Silent()) == 1
    assert lost not in {member.sha256 for member in load_dataset(engine, TASK).members}


def test_an_ingest_of_the_uploads_finds_nothing_new_and_keeps_what_was_decided(
    engine: Engine, uploads: Path
) -> None:
    sha256 = keep(engine, uploads, picture("red", 50))
    decide(engine, [sha256], "red")
    take_up(engine, TASK, None, Silent())
    before = found(engine, sha256)
    report = take_in(engine, uploads, name=f"{TASK}-uploads")
    assert (report.added, report.changed, report.unchanged, report.missing) == (0, 0, 1, 0)
    assert found(engine, sha256) == before


def test_a_held_back_picture_waits_until_its_new_label_is_taught(engine: Engine) -> None:
    test = load_dataset(engine, TASK).test[0]
    decide(engine, [test.sha256], "crimson")
    dataset = load_dataset(engine, TASK)
    assert [image.id for image in dataset.waiting] == [test.id]
    assert "crimson" not in dataset.labels
    assert test.id not in {image.id for image in dataset.test}
    decide(engine, [dataset.train[0].sha256], "crimson")
    taught = load_dataset(engine, TASK)
    assert taught.waiting == ()
    assert test.id in {image.id for image in taught.test}
