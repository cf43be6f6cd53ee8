"""`evaluate` as it is typed, and the report that it leaves."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle


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


def test_a_folder_that_cannot_be_made_is_one_line(menagerie: Menagerie, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in menagerie("evaluate", "--out", tmp_path / "file" / "report").error
