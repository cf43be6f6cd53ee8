"""The registry's commands as they are typed."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.bundle import load_bundle
from databases import registry
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle

MIXED_UP = ("green", "red", "blue")


@pytest.fixture
def ingested(menagerie: Menagerie, pictures: Path) -> None:
    assert menagerie("ingest", pictures).code == 0


def test_listing_makes_no_database(menagerie: Menagerie, tmp_path: Path) -> None:
    assert "run: menagerie db upgrade" in menagerie("models", "list").error
    assert not (tmp_path / "state").exists()


@pytest.mark.usefixtures("engine")
def test_an_empty_registry_says_how_to_begin(menagerie: Menagerie) -> None:
    assert "No model yet. To begin: menagerie starter, or menagerie train" in menagerie("models", "list").out


@pytest.mark.usefixtures("ingested")
def test_models_are_listed_with_state_and_accuracy(
    menagerie: Menagerie, engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles)
    add_tiny_bundle(engine, bundles, "colours-2", promoted=True)
    add_tiny_bundle(engine, bundles, "pets-1", task="pets")
    menagerie("evaluate", "colours-1")
    lines = [line.split() for line in menagerie("models", "list").out.splitlines() if "mean_colour" in line]
    assert [line[:5] for line in lines] == [
        ["pets-1", "candidate", "mean_colour", "3", "-"],
        ["colours-2", "champion", "mean_colour", "3", "-"],
        ["colours-1", "candidate", "mean_colour", "3", "100.0%"],
    ]
    assert "pets-1" not in menagerie("models", "list", "--task", "colours").out


def test_models_stand_under_their_tasks_and_no_version_is_cut_on_a_narrow_screen(
    menagerie: Menagerie, engine: Engine, bundles: Path, environment: dict[str, str]
) -> None:
    environment["COLUMNS"] = "80"
    add_tiny_bundle(engine, bundles, "animals-of-the-world-12", task="animals-of-the-world")
    add_tiny_bundle(engine, bundles, "pets-1", task="pets", architecture="timm:mobilenetv3_small_100.lamb")
    lines = menagerie("models", "list").out.splitlines()
    assert max(map(len, lines)) <= 80
    words = [line.split() for line in lines if line.strip()]
    assert [line[0] for line in words if line[0].startswith(("pets", "animals"))] == [
        "pets",
        "pets-1",
        "animals-of-the-world",
        "animals-of-the-world-12",
    ]


def test_rolling_back_a_task_that_is_none_names_those_there_are(
    menagerie: Menagerie, engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)
    error = menagerie("models", "rollback", "--task", "pets").error
    assert error == "no model of task 'pets' was promoted; there are some of: colours"


@pytest.mark.usefixtures("ingested")
def test_a_champion_is_promoted_beaten_and_brought_back(
    menagerie: Menagerie, engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, labels=MIXED_UP)
    add_tiny_bundle(engine, bundles, "colours-2")
    first = menagerie("models", "promote", "colours-1").out
    assert "colours-1 is the champion of colours." in first
    assert "The gallery of colours-1 is complete (18 pictures added)." in first
    second = menagerie("models", "promote", "colours-2").out
    assert "colours-2 is the champion of colours, 100.0% against colours-1's 33.3%." in second
    assert "colours-1 is right on 33.33%" in menagerie("models", "promote", "colours-1").error
    assert "colours-1 is the champion of colours again." in menagerie("models", "rollback").out
    assert "no earlier champion" in menagerie("models", "rollback").error
    assert menagerie("models", "promote", "colours-1", "--force").code == 0


@pytest.mark.usefixtures("ingested")
def test_an_evaluation_shows_its_figures_and_is_kept(
    menagerie: Menagerie, engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, labels=MIXED_UP, promoted=True)
    out = menagerie("evaluate").out
    assert "colours-1: 33.3% right on 3 test pictures (95 % interval 6.1% to 79.2%), macro F1 0.333" in out
    rows = {words[0]: words[1:] for line in out.splitlines() if (words := line.split())}
    assert rows["blue"] == ["0", "0", "1"]  # of the confusion: was blue, answered green, red, blue
    assert rows["red"] == ["1", "0", "0"]
    with Session(engine) as session:
        recorded = registry.get_model(session, "colours-1").metrics
    assert recorded is not None
    assert (recorded["split"], recorded["accuracy"]) == ("test", pytest.approx(1 / 3))
    assert "on 3 val pictures" in menagerie("evaluate", "colours-1", "--split", "val").out
    with Session(engine) as session:
        assert registry.get_model(session, "colours-1").metrics == recorded  # val figures are not kept


def test_an_exported_bundle_is_whole_and_overwrites_nothing(
    menagerie: Menagerie, engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    add_tiny_bundle(engine, bundles)
    target = tmp_path / "exported" / "colours-1"
    assert f"colours-1 is in {target}" in menagerie("export", "colours-1", "--out", tmp_path / "exported").out
    assert load_bundle(target).manifest.version == "colours-1"
    again = menagerie("export", "colours-1", "--out", tmp_path / "exported")
    assert again.error == f"{target} is there already; name another folder with --out"


def test_a_damaged_bundle_is_not_exported(
    menagerie: Menagerie, engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    add_tiny_bundle(engine, bundles)
    manifest = bundles / "colours-1" / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"format_version": 9}))
    assert "format_version 9" in menagerie("export", "colours-1", "--out", tmp_path / "exported").error
    assert not (tmp_path / "exported").exists()


def test_the_starter_is_registered_once_or_only_written(
    menagerie: Menagerie, bundles_with_starter: Path
) -> None:
    assert "starter-1 is in the registry, as champion of starter" in menagerie("starter").out
    out = menagerie("starter", "--out", bundles_with_starter).out
    assert f"starter-1 is in {bundles_with_starter / 'starter-1'}" in out


def test_a_database_is_made_by_upgrade(menagerie: Menagerie, tmp_path: Path) -> None:
    ran = menagerie("db", "upgrade")
    assert ran.out.strip() == f"sqlite:///{tmp_path}/state/images.db is up to date"
    assert (tmp_path / "state" / "images.db").is_file()
    assert menagerie("db", "upgrade").out == ran.out
