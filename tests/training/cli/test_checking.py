"""`check` as it is typed."""

import json
import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import findings
from tests.training.cli.conftest import Menagerie
from tests.training.faults import draw_faulty_folders
from tests.training.making import pictures_of
from training.dataset import load_dataset


@pytest.fixture
def bundles(starter_bundles: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(starter_bundles, tmp_path / "bundles"))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """38 pictures: among the red lies a green one, and one without a label is blurred."""
    folder = draw_faulty_folders(tmp_path / "colours")
    (folder / "red" / "wrong.png").rename(folder / "red" / "wrong [1].png")
    return folder


def counts(out: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for line in out.splitlines() if (words := line.split())}


def test_what_is_found_is_counted_shown_and_written(
    menagerie: Menagerie, pictures: Path, bundles: Path, engine: Engine
) -> None:
    menagerie("ingest", pictures, "--test", "0")
    out = menagerie("check").out
    rows = counts(out)
    assert (rows["suspect"][0], rows["blurry"][0], rows["tiny"][0]) == ("1", "1", "0")
    assert "red/wrong [1].png: labelled red, rather green" in out
    assert re.search(r"\d+ of 38 pictures of colours should be looked at\.", out)
    folder = bundles.parent / "reports" / "colours-check"
    with Session(engine) as session:
        assert findings.counts(session, "colours").items() >= {"suspect": 1, "blurry": 1}.items()
    assert f"With the pictures: {folder / 'check.html'}, and for programs: check.json" in out
    written = json.loads((folder / "check.json").read_text())
    assert written["pictures"] == 38
    (suspect,) = written["found"]["suspect"]
    assert (suspect["uri"], suspect["label"], suspect["better_label"]) == (
        "red/wrong [1].png",
        "red",
        "green",
    )


def test_what_is_found_can_be_excluded_and_taken_back(
    menagerie: Menagerie, pictures: Path, engine: Engine, tmp_path: Path
) -> None:
    menagerie("ingest", pictures, "--test", "0")
    before = load_dataset(engine, "colours")
    out = menagerie("check", "--exclude", "blurry,suspect", "--out", tmp_path / "out").out
    assert (
        "2 pictures of colours (2 files): excluded. To take it back: menagerie pictures undo --task colours"
        in out
    )
    assert not {"blurred.png", "red/wrong [1].png"} & pictures_of(engine).keys()
    assert len(load_dataset(engine, "colours").members) == len(before.members) - 1
    assert counts(menagerie("check", "--out", tmp_path / "out").out)["blurry"][0] == "0"
    assert "2 decisions undone." in menagerie("pictures", "undo").out
    assert load_dataset(engine, "colours").fingerprint == before.fingerprint
    nothing = menagerie("check", "--exclude", "blank", "--out", tmp_path / "out").out
    assert "No picture was excluded." in nothing


def test_a_kind_that_does_not_exist_is_one_line_and_nothing_is_done(
    menagerie: Menagerie, pictures: Path, bundles: Path
) -> None:
    menagerie("ingest", pictures, "--test", "0")
    error = menagerie("check", "--exclude", "ugly").error
    assert error.startswith(
        "unknown finding 'ugly'; there are: suspect, not_an_animal, outlier, two_labels, "
    )
    assert not (bundles.parent / "reports").exists()
