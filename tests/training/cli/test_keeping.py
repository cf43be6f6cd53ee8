"""`menagerie backup` and `restore` as they are typed."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.bundle import load_bundle
from backend.keeping.swapping import Swap
from databases import registry
from tests.tiny_bundle import make_bundle
from tests.training.cli.conftest import Menagerie


@pytest.fixture
def _champion(engine: Engine, bundles: Path) -> None:
    manifest = load_bundle(make_bundle(bundles)).manifest
    with Session(engine) as session, session.begin():
        registry.register(session, manifest, None)
        registry.promote(session, manifest.version)
    engine.dispose()


@pytest.mark.usefixtures("_champion")
def test_what_was_backed_up_and_lost_is_put_back(menagerie: Menagerie, bundles: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar"
    made = menagerie("backup", kept)
    assert made.out.startswith(f"{kept} holds the database, 1 bundle: ")
    assert "To put it back: menagerie restore" in made.out
    shutil.rmtree(bundles)
    shutil.rmtree(tmp_path / "state")
    restored = menagerie("restore", kept)
    assert restored.out.startswith("Put back: the database, 1 bundle, as of 20")
    again = menagerie("restore", kept, "--force")
    aside = [line for line in again.out.splitlines() if line.startswith("What was there before is in ")]
    assert len(aside) == 2
    assert "colours-1" in menagerie("models", "list").out


@pytest.mark.usefixtures("_champion")
def test_what_lacked_is_a_warning_and_of_a_champion_an_error(
    menagerie: Menagerie, bundles: Path, tmp_path: Path
) -> None:
    (bundles / "colours-1" / "model.onnx").unlink()
    kept = tmp_path / "kept.tar"
    made = menagerie("backup", kept)
    told = "warning: bundles/colours-1/model.onnx was missing or damaged when the backup was made"
    assert told in made.err.splitlines()
    assert made.error.startswith("colours-1 serves, and is missing or damaged: ")
    assert menagerie("restore", kept, "--force").error.startswith("nothing was put back: colours-1 serves")
    restored = menagerie("restore", kept, "--force", "--damaged")
    assert "warning: colours-1 does not answer as it did" in restored.err.splitlines()
    assert restored.out.splitlines()[-1].startswith("Put back: the database, 1 bundle, ")


@pytest.mark.usefixtures("_champion")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_restore_that_is_ended_in_the_middle_leaves_all_as_it_was(
    menagerie: Menagerie,
    bundles: Path,
    tmp_path: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = tmp_path / "kept.tar"
    assert menagerie("backup", kept).code == 0
    before = {path: path.read_bytes() for path in bundles.rglob("*") if path.is_file()}
    move = Swap.move

    def ended(self: Swap, source: Path, target: Path) -> None:
        move(self, source, target)
        if target.name == "colours-1" and target.parent == bundles.resolve():
            os.kill(os.getpid(), number)

    def impatient(self: Swap) -> None:
        os.kill(os.getpid(), number)
        take_back(self)

    take_back = Swap.take_back
    monkeypatch.setattr(Swap, "move", ended)
    monkeypatch.setattr(Swap, "take_back", impatient)
    restored = menagerie("restore", kept, "--force")
    assert restored.code == 128 + number
    assert restored.err.splitlines()[-1] == (
        f"error: ended by {number.name}; what was half done was taken back"
    )
    assert {path: path.read_bytes() for path in bundles.rglob("*") if path.is_file()} == before
    assert not list(bundles.glob(".*"))
    monkeypatch.undo()
    assert menagerie("restore", kept, "--force").code == 0
    assert "colours-1" in menagerie("models", "list").out


@pytest.mark.usefixtures("_champion")
def test_what_cannot_be_done_is_one_line(menagerie: Menagerie, bundles: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar"
    assert menagerie("backup", kept).code == 0
    assert menagerie("backup", kept).error.startswith(f"{kept} is there already")
    assert menagerie("restore", kept).error.startswith("there is a state already: the database sqlite")
    kept.write_bytes(kept.read_bytes()[:3000])
    before = {path: path.read_bytes() for path in bundles.rglob("*") if path.is_file()}
    assert menagerie("restore", kept, "--force").error.startswith(f"{kept} is no")
    assert menagerie("restore", tmp_path / "none.tar").error.startswith("[Errno 2]")
    assert {path: path.read_bytes() for path in bundles.rglob("*") if path.is_file()} == before


def test_where_nothing_is_there_is_nothing_to_back_up(menagerie: Menagerie, tmp_path: Path) -> None:
    assert menagerie("backup", tmp_path).error.startswith("there is no database at ")
