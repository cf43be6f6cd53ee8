"""`evaluate` as it is typed, and the report that it leaves."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from backend.certainty import wilson
from databases.models import Image
from tests.drawing import draw_greys
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle
from training.cli.evaluating import print_refusals
from training.refusals import Refusals


@pytest.fixture(autouse=True)
def _champion(menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path) -> None:
    assert menagerie("ingest", pictures).code == 0
    add_tiny_bundle(engine, bundles, promoted=True)


def test_the_report_lies_beside_the_bundles_and_is_named(menagerie: Menagerie, bundles: Path) -> None:
    folder = bundles.parent / "reports" / "colours-1"
    out = menagerie("evaluate").out
    assert f"The report is {folder / 'report.html'}; its figures are beside it in report.json" in out
    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    assert json.loads((folder / "report.json").read_text())["metrics"]["accuracy"] == 1.0


def test_a_label_that_no_picture_shows_is_named(menagerie: Menagerie, engine: Engine) -> None:
    assert "say nothing" not in menagerie("evaluate", "--no-report").out
    with Session(engine) as session, session.begin():
        session.execute(update(Image).where(Image.split == "test", Image.label == "red").values(split="val"))
    told = "No test picture is of red: the figures say nothing of how well it tells them"
    assert told in menagerie("evaluate", "--no-report").out


def test_a_val_report_does_not_take_the_place_of_the_test_report(menagerie: Menagerie, bundles: Path) -> None:
    menagerie("evaluate")
    menagerie("evaluate", "--split", "val")
    splits = {
        path.parent.name: json.loads(path.read_text())["split"]
        for path in (bundles.parent / "reports").glob("*/report.json")
    }
    assert splits == {"colours-1": "test", "colours-1-val": "val"}


def test_pictures_of_another_task_have_a_report_of_their_own(
    menagerie: Menagerie, pictures: Path, bundles: Path
) -> None:
    menagerie("ingest", shutil.copytree(pictures, pictures.parent / "copy"), "--name", "copy")
    assert menagerie("evaluate", "colours-1", "--task", "copy").code == 0
    figures = json.loads((bundles.parent / "reports" / "colours-1-on-copy" / "report.json").read_text())
    assert (figures["version"], figures["task"]) == ("colours-1", "copy")
    assert figures["train"] is None  # it did not learn from these


def test_a_report_goes_where_it_is_told_or_nowhere(
    menagerie: Menagerie, bundles: Path, tmp_path: Path
) -> None:
    assert "report" not in menagerie("evaluate", "--no-report").out
    menagerie("evaluate", "--out", tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "report.html").is_file()
    assert not (bundles.parent / "reports").exists()


def test_unknown_pictures_are_asked_about_and_counted(menagerie: Menagerie, tmp_path: Path) -> None:
    greys, more = draw_greys(tmp_path / "greys", 4), draw_greys(tmp_path / "more", 2)
    (more / "empty.jpg").touch()
    ran = menagerie("evaluate", "--unknown", greys, "--unknown", more)
    assert (
        "Refused as strange, above a novelty of 0.5: of 3 test pictures 0.0% (95 % interval 0.0%" in ran.out
    )
    assert "and of 6 unknown ones 100.0%" in ran.out
    assert "AUROC 1.0000 (95 % interval 0." in ran.out
    assert f"1 of the unknown ones cannot be read:\n  {more}/empty.jpg: the file is empty" in ran.out


def test_unknown_pictures_that_are_none_are_one_line(
    menagerie: Menagerie, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    ask = ("evaluate", "--unknown")
    assert menagerie(*ask, tmp_path / "notes").error == f"there is no picture in {tmp_path / 'notes'}"
    assert menagerie(*ask, tmp_path / "absent").error == f"there is no file or folder {tmp_path / 'absent'}"
    assert "in a folder called 'blue', which is one of the labels" in menagerie(*ask, pictures).error


def test_copies_are_counted_once_beside_the_plain_accuracy(menagerie: Menagerie, pictures: Path) -> None:
    for path in sorted(pictures.rglob("*.jpg")):
        shutil.copy(path, path.with_stem(f"copy-of-{path.stem}"))
    menagerie("ingest", pictures)
    out = menagerie("evaluate", "--no-report").out
    assert re.search(
        r"100\.0% right on (\d+) test pictures \(95 % interval .* to 100\.0%\), "
        r"100\.0% with copies counted once: (\d+) pictures \(95 % interval .* to 100\.0%\), macro F1 1\.000",
        out,
    )


def test_a_folder_that_cannot_be_made_is_one_line(menagerie: Menagerie, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in menagerie("evaluate", "--out", tmp_path / "file" / "report").error


def test_without_a_threshold_it_is_said_to_refuse_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    print_refusals(Refusals(1.0, np.zeros(4), wilson(0, 4), None), "test")
    said = " ".join(capfd.readouterr().out.split())
    assert said.startswith("It refuses nothing: too few pictures were held back")
    assert "above a novelty" not in said
