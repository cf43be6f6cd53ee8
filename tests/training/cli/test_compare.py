"""`compare` as it is typed."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from databases import dataset_versions, registry
from databases.models import Answer
from databases.paired_answers import paired_answers
from tests.drawing import draw_class_folders, picture
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle
from training.dataset import load_dataset

MIXED_UP = ("green", "red", "blue")


@pytest.fixture(autouse=True)
def _two_models(menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path) -> None:
    assert menagerie("ingest", pictures).code == 0
    add_tiny_bundle(engine, bundles)
    add_tiny_bundle(engine, bundles, "colours-2", labels=MIXED_UP)


def test_two_models_are_compared_on_the_test_split(menagerie: Menagerie, bundles: Path) -> None:
    out = menagerie("compare", "colours-1", "colours-2").out
    assert "colours-1: 100.0% right on 3 pictures (95 % interval 43.9% to 100.0%)" in out
    assert "colours-2: 33.3% right on 3 pictures (95 % interval 6.1% to 79.2%)" in out
    assert "would be 0.500 (McNemar's exact test): that may well be luck" in out
    folder = bundles.parent / "reports" / "colours-1-and-colours-2"
    assert f"Side by side with the pictures: {folder / 'compare.html'}, and as a table: compare.csv" in out
    with (folder / "compare.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["colours-2 right"] for row in rows] == ["no", "no", "yes"]
    assert {row["colours-1 answer"] for row in rows} == {"red", "green", "blue"}
    assert all(row["expected"] == row["colours-1 answer"] for row in rows)


def test_what_both_say_of_the_test_split_is_kept_once(
    menagerie: Menagerie, engine: Engine, bundles: Path
) -> None:
    test = load_dataset(engine, "colours").test
    assert menagerie("index", "--version", "colours-1").code == 0
    for _ in range(2):
        assert menagerie("compare", "colours-1", "colours-2").code == 0
    add_tiny_bundle(engine, bundles, "pets-1", task="pets")
    assert menagerie("compare", "pets-1", "colours-1").code == 0
    with Session(engine) as session:
        first, second, other = (
            registry.get_model(session, one) for one in ("colours-1", "colours-2", "pets-1")
        )
        both = paired_answers(session, first, second, frozenset())
        assert len(both) == len(test) == 3
        assert all(one.first == one.label for one in both)
        assert not paired_answers(session, first, other, frozenset())
        # Index asked the neighbours of the first's answers too, and that is not lost.
        judged = session.scalars(select(Answer.agreement).where(Answer.model_id == first.id)).all()
        assert None not in judged


def test_disagreements_are_printed_first_and_all_when_asked_for(menagerie: Menagerie, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "more", per_label=8)
    arguments = ("compare", "colours-1", "colours-2", folder, "--out", tmp_path / "out")
    out = menagerie(*arguments).out
    assert out.count("✗ ") == 16
    assert "4 more, where they differ less; --all prints every one" in out
    assert menagerie(*arguments, "--all").out.count("✓ ") == 16 + 16
    assert (tmp_path / "out" / "compare.html").is_file()


def test_a_folder_that_a_model_learnt_from_counts_only_where_it_did_not(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    dataset = load_dataset(engine, "colours")
    with Session(engine) as session, session.begin():
        key = dataset_versions.record(session, "colours", dataset.members)
    add_tiny_bundle(engine, bundles, "colours-3", dataset_fingerprint=key)
    out = menagerie("compare", "colours-3", "colours-2", pictures, "--out", tmp_path / "out").out
    assert "colours-3: 100.0% right on 3 pictures that neither learnt from" in out
    assert "15 of the 18 labelled pictures are ones that a model learnt from" in out
    assert "What colours-2 learnt from is not known here" in out
    with (tmp_path / "out" / "compare.csv").open(newline="") as file:
        told = [row["colours-3 learnt from"] for row in csv.DictReader(file)]
    assert told == ["no"] * 3 + ["yes"] * 15


def test_unknown_labels_and_unreadable_files_are_told(menagerie: Menagerie, tmp_path: Path) -> None:
    photo, broken = tmp_path / "holiday [1].jpg", tmp_path / "broken.jpg"
    photo.write_bytes(picture("red"))
    broken.write_bytes(b"no picture")
    out = menagerie("compare", "colours-1", "colours-2", photo, broken, "--out", tmp_path / "out").out
    assert f"not readable: {broken}: the file is no JPEG, PNG" in out
    assert "holiday [1].jpg  -         red >99%   green >99%" in out
    assert "No picture has a known label" in out


def test_long_names_can_be_read_at_80_columns(
    menagerie: Menagerie, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["COLUMNS"] = "80"
    rest = "-walk-along-the-river-in-the-rain-of-november-with-a-friend.jpg"
    (tmp_path / "more" / "red").mkdir(parents=True)
    for name in ("first", "second"):
        (tmp_path / "more" / "red" / f"{name}{rest}").write_bytes(picture("red"))
    out = menagerie("compare", "colours-1", "colours-2", tmp_path / "more", "--out", tmp_path / "out").out
    _, header, _, *table = out.partition("colours-1: ")[0].splitlines()
    assert all(len(line) <= 80 for line in table)
    named = "".join(line[: header.index("expected")].strip() for line in table)
    assert named == f"red/first{rest}red/second{rest}"


def test_models_of_several_tasks_ask_for_one(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, "pets-1", task="pets")
    assert menagerie("compare", "colours-1", "pets-1").code == 0  # there are no pictures of pets
    assert menagerie("ingest", draw_class_folders(pictures / "pets"), "--name", "pets").code == 0
    error = "the models belong to several tasks, name one with --task: colours, pets"
    assert menagerie("compare", "colours-1", "pets-1").error == error
    assert menagerie("compare", "colours-1", "pets-1", "--task", "pets").code == 0


def test_what_cannot_be_compared_is_one_line(
    menagerie: Menagerie, engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    assert menagerie("compare", "colours-1", "colours-9").error.startswith("no model is called 'colours-9'")
    absent = tmp_path / "absent"
    assert menagerie("compare", "colours-1", "colours-2", absent).error.startswith("there is no file or")
    add_tiny_bundle(engine, bundles, "owls-1", task="owls")
    error = "neither model's task has pictures; name some: menagerie compare A B IMAGES"
    assert menagerie("compare", "owls-1", "owls-1").error == error


def test_without_test_pictures_some_must_be_named(menagerie: Menagerie, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "small")
    menagerie("ingest", folder, "--name", "small", "--test", "0")
    error = menagerie("compare", "colours-1", "colours-2", "--task", "small").error
    assert error == "task 'small' has no test pictures; name some: menagerie compare A B IMAGES"
