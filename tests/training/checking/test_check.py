"""A task's pictures, looked through: drawn ones, by the real starter."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import corrections, findings
from databases.corrections import Kind as Decided
from databases.findings import Ranked
from databases.quality import Quality, qualities
from tests.drawing import draw, draw_class_folders, draw_greys, encode
from tests.training.faults import draw_faulty_folders
from tests.training.making import pictures_of, take_in
from training.checking.check import Checkup, check
from training.checking.exclusion import Exclusion, exclude_found
from training.checking.findings import BLURRY, GRAYSCALE, SUSPECT, TINY, Finding, Found, Kind, parse_kinds
from training.checking.recording import record
from training.dataset import load_dataset
from training.errors import NoPictures, TrainingError
from training.ingestion.run import SplitPlan
from training.progress import Silent
from training.workshop import Workshop

NO_TEST = SplitPlan(test=0)


@pytest.fixture
def workshop(engine: Engine, bundles_with_starter: Path) -> Workshop:
    return Workshop(engine, bundles_with_starter, Silent())


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    """Ingested: among 38 pictures a wrong label and a blurred one."""
    folder = draw_faulty_folders(tmp_path / "colours")
    take_in(engine, folder, plan=NO_TEST)
    return folder


def found(checkup: Checkup, kind: Kind) -> set[str]:
    return {finding.image.uri for finding in checkup.of(kind)}


def decide(engine: Engine, uri: str, kind: Decided, label: str | None = None) -> None:
    with Session(engine) as session, session.begin():
        corrections.add(session, "colours", [pictures_of(engine)[uri].sha256], kind, label=label)


@pytest.mark.usefixtures("folder")
def test_a_planted_wrong_label_and_a_blurred_picture_are_found(workshop: Workshop) -> None:
    checkup = check(workshop, "colours")
    assert checkup.pictures == 38
    (suspect,) = checkup.of(SUSPECT)
    assert (suspect.image.uri, suspect.image.label, suspect.better) == ("red/wrong.png", "red", "green")
    assert suspect.figures["probability"] > 0.5 > suspect.figures["own_probability"]
    assert found(checkup, BLURRY) == {"blurred.png"}
    assert found(checkup, TINY) == set()
    assert checkup.notes == ()


def test_what_was_found_is_kept_the_worst_first_until_the_next_check(engine: Engine, tmp_path: Path) -> None:
    take_in(engine, draw_class_folders(tmp_path / "colours", per_label=2))
    red, green, *_ = pictures_of(engine).values()
    found = Found(SUSPECT, (Finding(red, {}, "blue"), Finding(green, {})))
    record(engine, Checkup("colours", 6, (found, Found(TINY, (Finding(green, {}),))), ()))
    with Session(engine) as session:
        kept = [findings.of_image(session, image.id) for image in (red, green)]
    assert kept == [
        [Ranked(red.id, "suspect", 0, "blue")],
        [Ranked(green.id, "suspect", 1, None), Ranked(green.id, "tiny", 0, None)],
    ]
    record(engine, Checkup("colours", 6, (), ()))
    with Session(engine) as session:
        assert findings.counts(session, "colours") == {}


def test_a_copy_with_the_same_wrong_label_does_not_vouch_for_it(workshop: Workshop, folder: Path) -> None:
    shutil.copy(folder / "red" / "wrong.png", folder / "red" / "wrong-again.png")
    take_in(workshop.engine, folder, plan=NO_TEST)
    assert found(check(workshop, "colours"), SUSPECT) == {"red/wrong.png", "red/wrong-again.png"}


@pytest.mark.usefixtures("folder")
def test_what_people_decided_is_not_found_again(workshop: Workshop) -> None:
    decide(workshop.engine, "red/wrong.png", "label", "red")
    decide(workshop.engine, "blurred.png", "label", "blue")
    checkup = check(workshop, "colours")
    assert not found(checkup, SUSPECT) & {"red/wrong.png", "blurred.png"}
    assert found(checkup, BLURRY) == {"blurred.png"}
    decide(workshop.engine, "blurred.png", "include")
    assert found(check(workshop, "colours"), BLURRY) == set()


@pytest.mark.usefixtures("folder")
def test_what_is_excluded_is_in_no_data_set_until_that_is_undone(workshop: Workshop) -> None:
    before = load_dataset(workshop.engine, "colours")
    done = exclude_found(workshop.engine, check(workshop, "colours"), [BLURRY, SUSPECT])
    assert done == Exclusion(excluded=2, files=2, left_in_test=0)
    after = load_dataset(workshop.engine, "colours")
    assert {one.uri for one in before.train + before.val} - {one.uri for one in after.train + after.val} == {
        "red/wrong.png"
    }
    with Session(workshop.engine) as session, session.begin():
        reasons = {decision.reason for decision in corrections.listed(session, "colours")}
        assert reasons == {"check found: blurry, suspect"}
        corrections.undo(session, corrections.latest(session, "colours"))
    assert load_dataset(workshop.engine, "colours").fingerprint == before.fingerprint


def test_what_a_network_doubts_stays_in_the_test_split(engine: Engine, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "colours", per_label=10)
    take_in(engine, folder)
    images = pictures_of(engine)
    test, train = (next(one for one in images.values() if one.split == split) for split in ("test", "train"))
    shutil.copy(folder / train.uri, folder / "red" / "copy.jpg")
    take_in(engine, folder)
    both = (Finding(test, {}), Finding(train, {}))
    checkup = Checkup("colours", 31, (Found(SUSPECT, both), Found(TINY, both)), ())
    assert exclude_found(engine, checkup, [SUSPECT]) == Exclusion(excluded=1, files=2, left_in_test=1)
    assert images.keys() - pictures_of(engine).keys() == {train.uri}
    assert exclude_found(engine, checkup, [SUSPECT, TINY]).left_in_test == 0
    assert images.keys() - pictures_of(engine).keys() == {train.uri, test.uri}


def test_pictures_are_measured_once_and_again_where_they_changed(workshop: Workshop, folder: Path) -> None:
    engine = workshop.engine

    def known() -> dict[int, Quality]:
        with Session(engine) as session:
            return qualities(session, "colours")

    take_in(engine, folder, plan=NO_TEST)
    assert known() == {}
    check(workshop, "colours")
    before = known()
    ids = {uri: image.id for uri, image in pictures_of(engine).items()}
    assert before.keys() == set(ids.values())
    (folder / "red" / "2.jpg").write_bytes(encode(draw("blue", 70)))
    take_in(engine, folder, plan=NO_TEST)
    assert before.keys() - known().keys() == {ids["red/2.jpg"]}
    (folder / "red" / "1.jpg").unlink()
    take_in(engine, folder, plan=NO_TEST)
    check(workshop, "colours")
    after = known()
    assert before.keys() - after.keys() == {ids["red/1.jpg"]}
    assert {one for one in after if after[one] != before[one]} == {ids["red/2.jpg"]}


def test_a_file_that_changed_since_it_was_ingested_is_told_of(workshop: Workshop, folder: Path) -> None:
    (folder / "red" / "1.jpg").unlink()
    with pytest.raises(TrainingError, match=r"1.jpg is gone since it was ingested; run menagerie ingest"):
        check(workshop, "colours")


def test_labels_of_few_pictures_are_not_doubted_but_looked_at(
    workshop: Workshop, engine: Engine, tmp_path: Path
) -> None:
    folder = draw_class_folders(tmp_path / "colours", per_label=6, labels=("red", "green"))
    draw_greys(folder / "grey", 2)
    take_in(engine, folder)
    checkup = check(workshop, "colours")
    assert checkup.notes == ("Labels of fewer than 5 different pictures are not doubted: grey.",)
    assert found(checkup, GRAYSCALE) == {"grey/grey-0.png", "grey/grey-1.png"}
    draw_greys(tmp_path / "greys" / "grey", 3)
    take_in(engine, tmp_path / "greys", "greys")
    (_, sentence) = check(workshop, "greys").notes
    assert sentence == "No label was doubted: it takes two labels of so many pictures to choose from."


def test_a_task_without_pictures_is_told(workshop: Workshop) -> None:
    error = "task 'owls' has no picture; run: menagerie ingest DIR --task owls"
    with pytest.raises(NoPictures, match=error):
        check(workshop, "owls")


def test_kinds_are_named_by_their_codes() -> None:
    assert parse_kinds(["blurry, suspect", "blurry"]) == (BLURRY, SUSPECT)
    with pytest.raises(TrainingError, match=r"unknown finding 'blury'; there are: suspect, not_an_animal, "):
        parse_kinds(["blury"])
