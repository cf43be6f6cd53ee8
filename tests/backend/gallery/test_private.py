"""An index that one process alone has does not outlive it, however that ends."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from backend.gallery.opening import open_gallery
from backend.gallery.private import private_folder, remove_abandoned
from backend.held_folders import INSIDE
from databases.settings import PROJECT
from tests.backend.gallery.shelving import Picture, Shelving
from tests.opening import open_database

HAVE_ONE = """
import os, signal
from backend.gallery.private import private_folder
(private_folder() / "codes.npy").write_bytes(b"codes")
"""
BE_KILLED = "os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def run(program: str, temporary: Path) -> int:
    environment = os.environ | {"TMPDIR": str(temporary)}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, check=False, timeout=60
    ).returncode


@pytest.fixture
def left(temporary: Path) -> Path:
    """What a process left that was killed."""
    assert run(HAVE_ONE + BE_KILLED, temporary) == -signal.SIGKILL
    (folder,) = temporary.iterdir()
    assert (folder / INSIDE / "codes.npy").exists()
    return folder


def test_it_goes_when_its_process_ends(temporary: Path) -> None:
    assert run(HAVE_ONE, temporary) == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("left")
def test_what_a_killed_process_left_goes_and_what_others_hold_stays(temporary: Path) -> None:
    own = private_folder()
    names = ("menagerie-page-x", "menagerie-gallery-file", "menagerie-gallery-link")
    others = [temporary / name for name in names]
    others[0].mkdir()
    others[1].touch()
    others[2].symlink_to(others[0])
    remove_abandoned()
    assert {*temporary.iterdir()} == {own.parent, *others}


def test_a_gallery_that_is_opened_removes_what_was_left(tmp_path: Path, left: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'images.db'}")
    model = Shelving(engine, tmp_path / "galleries").fill([Picture(1, (1, 0, 0, 0))])
    open_gallery(engine, model, 4, tmp_path / "galleries", threads=1).close()
    assert not left.exists()
    engine.dispose()


def test_where_there_is_no_temporary_folder_nothing_is_removed(
    left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise FileNotFoundError("no usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    remove_abandoned()
    assert left.exists()
