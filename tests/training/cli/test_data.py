"""`menagerie data` as it is typed."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import dataset_versions
from tests.drawing import picture
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle
from training.dataset import load_dataset


@pytest.fixture
def trained(menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path) -> str:
    """A model that is on record as trained on six pictures of each colour; the fingerprint of these."""
    menagerie("ingest", pictures)
    with Session(engine) as session, session.begin():
        key = dataset_versions.record(session, "colours", load_dataset(engine, "colours").members)
    add_tiny_bundle(engine, bundles, dataset_fingerprint=key)
    return key


def test_before_the_first_training_nothing_is_kept(menagerie: Menagerie, engine: Engine) -> None:
    del engine
    assert "No data set is kept yet" in menagerie("data", "list").out


def test_data_sets_are_listed_with_their_models_and_those_that_have_none(
    menagerie: Menagerie, trained: str, engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, "colours-2", dataset_fingerprint="0" * 64)
    out = menagerie("data", "list").out
    (row,) = (line.split() for line in out.splitlines() if trained[:12] in line)
    assert (row[:3], row[-1]) == ([trained[:12], "colours", "18"], "colours-1")
    assert "Trained before data sets were kept: colours-2" in out
    assert "No data set is kept yet" in menagerie("data", "list", "--task", "pets").out


def test_a_model_of_todays_pictures_differs_in_nothing(menagerie: Menagerie, trained: str) -> None:
    for second in ("now", trained[:8], "colours-1"):
        assert "The same pictures, labels and splits." in menagerie("data", "diff", "colours-1", second).out


def test_what_changed_since_a_training_is_told_with_its_files(
    menagerie: Menagerie, trained: str, pictures: Path
) -> None:
    (pictures / "blue" / "new.jpg").write_bytes(picture("blue", 70))
    (pictures / "blue" / "0.jpg").unlink()
    menagerie("ingest", pictures)
    menagerie("pictures", "exclude", "red/0.jpg")
    menagerie("pictures", "relabel", "red/1.jpg", "--to", "green")
    out = menagerie("data", "diff", "colours-1", "now").out
    rows = {words[0]: words[1:] for line in out.splitlines()[:8] if (words := line.split())}
    assert (rows["blue"], rows["green"], rows["red"]) == (["6", "6"], ["6", "7", "+1"], ["6", "4", "-2"])
    assert rows["(all)"] == ["18", "17"]
    assert f"red to green: {pictures}/red/1.jpg" in out
    assert f": {pictures}/red/0.jpg" in out
    assert ", not in the library now" in out
    told = json.loads(menagerie("data", "diff", trained[:8], "now", "--json").out)
    assert (told["a"]["fingerprint"], told["a"]["name"]) == (trained, trained[:12])
    assert [one["files"] for one in told["added"]] == [[f"{pictures}/blue/new.jpg"]]
    assert sorted((one["label"], one["files"]) for one in told["removed"]) == [
        ("blue", []),
        ("red", [f"{pictures}/red/0.jpg"]),
    ]
    (relabelled,) = told["relabelled"]
    assert (relabelled["label"], relabelled["files"]) == (
        {"a": "red", "b": "green"},
        [f"{pictures}/red/1.jpg"],
    )
    assert told["moved"] == []


@pytest.mark.usefixtures("trained")
def test_what_was_done_by_hand_does_not_drown_in_what_befell_a_whole_label(
    menagerie: Menagerie, pictures: Path
) -> None:
    for number in range(100, 120):
        (pictures / "red" / f"{number}.jpg").write_bytes(picture("red", number))
    menagerie("ingest", pictures)
    menagerie("pictures", "relabel", "blue/0.jpg", "--to", "green")
    menagerie("labels", "rename", "red", "scarlet")
    out = menagerie("data", "diff", "now", "colours-1").out
    assert "20 removed" in out
    lines = out[out.index("relabelled") :].splitlines()
    assert lines[1].strip().startswith("green to blue: ")


def test_what_cannot_be_compared_is_one_line(
    menagerie: Menagerie, trained: str, engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, "old-1", dataset_fingerprint="0" * 64)
    add_tiny_bundle(engine, bundles, "starter-1")
    for first, second, error in (
        ("old-1", "now", "old-1 was trained before data sets were kept, so nobody can tell what on"),
        ("starter-1", trained[:6], "starter-1 was not trained on pictures of the library"),
        ("colours-9", "now", "no model and no data set is called 'colours-9'; see: menagerie data list"),
    ):
        assert menagerie("data", "diff", first, second).error.startswith(error)
    absent = menagerie("data", "diff", "colours-1", "now", "--task", "pets").error
    assert absent == "task 'pets' has no picture to train on; run: menagerie ingest DIR --task pets"
