"""`menagerie pictures` and `menagerie labels` as they are typed."""

import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.drawing import picture
from tests.training.cli.conftest import Menagerie
from tests.training.making import pictures_of
from training.dataset import load_dataset


@pytest.fixture
def ingested(menagerie: Menagerie, pictures: Path) -> Path:
    assert menagerie("ingest", pictures).code == 0
    return pictures


def labels(engine: Engine) -> dict[str, str | None]:
    return {uri: image.label for uri, image in pictures_of(engine).items()}


def test_pictures_are_excluded_by_path_and_id_and_taken_back(
    menagerie: Menagerie, ingested: Path, engine: Engine
) -> None:
    before = pictures_of(engine)
    shutil.copy(ingested / "red" / "0.jpg", ingested / "red" / "copy.jpg")
    menagerie("ingest", ingested)
    ran = menagerie(
        "pictures", "exclude", ingested / "red" / "0.jpg", before["red/1.jpg"].id, "--reason", "dull"
    )
    said = (
        "2 pictures of colours (3 files): excluded. To take it back: menagerie pictures undo --task colours"
    )
    assert said in ran.out
    assert set(before) - set(labels(engine)) == {"red/0.jpg", "red/1.jpg"}
    assert len(load_dataset(engine, "colours").members) == 16  # what the next training uses
    assert "2 decisions undone." in menagerie("pictures", "undo").out
    assert set(labels(engine)) == {*before, "red/copy.jpg"}
    assert menagerie("pictures", "undo").error == "no decision on a picture of task 'colours' holds"


def test_a_relabelled_picture_keeps_its_label_when_its_folder_is_ingested_again(
    menagerie: Menagerie, ingested: Path, engine: Engine
) -> None:
    ran = menagerie("pictures", "relabel", "red/0.jpg", "--to", "green")
    assert "1 picture of colours (1 file): green now." in ran.out
    menagerie("ingest", ingested)
    assert labels(engine)["red/0.jpg"] == "green"


def test_a_new_label_is_said_to_be_new(menagerie: Menagerie, ingested: Path, engine: Engine) -> None:
    del ingested
    wrong = menagerie("pictures", "relabel", "red/0.jpg", "--to", "gren")
    assert wrong.error == (
        "task 'colours' has no label 'gren'; did you mean 'green'? for a new label say --new"
    )
    assert menagerie("pictures", "relabel", "red/0.jpg", "--to", "mauve", "--new").code == 0
    assert labels(engine)["red/0.jpg"] == "mauve"
    merged = menagerie("labels", "merge", "red", "blue", "--into", "purple")
    assert merged.error == "task 'colours' has no label 'purple'; for a new label say --new"
    menagerie("labels", "merge", "red", "blue", "--into", "purple", "--new")
    assert set(labels(engine).values()) == {"mauve", "green", "purple"}


def test_decisions_are_listed_newest_first_with_their_reasons(menagerie: Menagerie, ingested: Path) -> None:
    menagerie("pictures", "exclude", "red/0.jpg", "--reason", "a car [old]")
    menagerie("pictures", "relabel", "red/1.jpg", "--to", "blue")
    menagerie("pictures", "include", "red/0.jpg")
    lines = [line[25:] for line in menagerie("pictures", "decisions").out.splitlines()]
    red = ingested / "red"
    assert lines == [
        f"included: {red}/0.jpg",
        f"label blue: {red}/1.jpg",
        f"excluded: {red}/0.jpg (a car [old])",
    ]
    menagerie("pictures", "undo", 1, 3)
    assert len(menagerie("pictures", "decisions").out.splitlines()) == 1
    everything = menagerie("pictures", "decisions", "red/0.jpg", "--all").out.splitlines()
    assert [line[25:].partition(":")[0] for line in everything] == ["included, undone", "excluded, undone"]
    assert menagerie("pictures", "undo", 1).error.startswith("no decision 1 holds")
    assert "No decision on a picture" in menagerie("pictures", "decisions", "red/0.jpg").out


def test_what_is_named_wrongly_changes_nothing(menagerie: Menagerie, ingested: Path, engine: Engine) -> None:
    assert "may be" in menagerie("pictures", "exclude", "red/0.jpg", "1.jpg").error
    absent = menagerie("pictures", "exclude", ingested / "red" / "absent.jpg").error
    assert absent.startswith(f"task 'colours' has no picture '{ingested}/red/absent.jpg': name it by")
    assert len(labels(engine)) == 18


def test_labels_are_renamed_dropped_and_taken_back(
    menagerie: Menagerie, ingested: Path, engine: Engine
) -> None:
    before = labels(engine)
    assert "red was renamed scarlet." in menagerie("labels", "rename", "red", "scarlet").out
    assert "blue was dropped." in menagerie("labels", "drop", "blue").out
    (ingested / "red" / "new.jpg").write_bytes(picture("red", 70))
    (ingested / "blue" / "new.jpg").write_bytes(picture("blue", 70))
    menagerie("ingest", ingested)
    out = menagerie("labels", "list").out
    rows = {words[0]: words[1:] for line in out.splitlines() if (words := line.split())}
    assert sum(map(int, rows["scarlet"])) == 7
    assert "blue" not in rows
    assert "7 files more: excluded, or of a dropped label" in out
    assert re.search(r"^ +1 .* red was renamed scarlet\n +2 .* blue was dropped$", out, re.MULTILINE)
    undone = menagerie("labels", "undo").out
    assert "Undone: blue was dropped" in undone
    assert "Not split yet: 1 picture. The next training does it." in undone
    assert "Undone: red was renamed scarlet" in menagerie("labels", "undo", 1).out
    assert labels(engine) == before | {"red/new.jpg": "red", "blue/new.jpg": "blue"}
    assert "red was renamed scarlet, and that undone" in menagerie("labels", "list", "--all").out
    assert menagerie("labels", "undo").error == "nothing that was done to the labels of task 'colours' holds"


def test_the_table_holds_what_people_decided(menagerie: Menagerie, ingested: Path, tmp_path: Path) -> None:
    menagerie("pictures", "relabel", "red/0.jpg", "--to", "blue")
    menagerie("pictures", "exclude", "red/1.jpg")
    menagerie("labels", "rename", "green", "lime")
    menagerie("ingest", ingested, "--csv", tmp_path / "table.csv")
    rows = (tmp_path / "table.csv").read_text().splitlines()
    assert len(rows) == 1 + 17
    assert sum(",lime," in row for row in rows) == 6
    assert next(row for row in rows if "red/0.jpg" in row).split(",")[6] == "blue"
