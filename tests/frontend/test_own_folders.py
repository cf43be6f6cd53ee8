"""Where visitors' files are, and that none outlives the process that held it."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from databases.settings import PROJECT
from frontend.own_folders import PREFIX, OwnFolder, sweep
from tests.frontend.at_the_page import OpenPage
from tests.waiting import wait_until

BE_KILLED = """
import os, signal
from frontend.own_folders import OwnFolder
folder = OwnFolder()
(folder.path / "a.jpg").write_bytes(b"bytes")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def left(temporary: Path) -> Path:
    """What a process left that was killed."""
    killed = subprocess.run(
        [sys.executable, "-c", BE_KILLED],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(temporary)},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    (folder,) = temporary.iterdir()
    assert (folder / "a.jpg").exists()
    return folder


def test_what_a_killed_process_left_goes_and_what_others_hold_stays(temporary: Path, left: Path) -> None:
    own = OwnFolder()
    (own.path / "b.jpg").write_bytes(b"bytes")
    others = [temporary / "menagerie-batch-x", temporary / f"{PREFIX}file", temporary / f"{PREFIX}link"]
    others[0].mkdir()
    others[1].touch()
    others[2].symlink_to(others[0])
    sweep()
    assert not left.exists()
    assert (own.path / "b.jpg").exists()
    assert {*temporary.iterdir()} == {own.path, *others}
    own.close()
    own.close()
    assert {*temporary.iterdir()} == {*others}


def test_one_that_is_swept_before_it_is_held_is_made_anew(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = tempfile.mkdtemp, list[str]()

    def make_and_sweep(prefix: str) -> str:
        made.append(make(prefix=prefix))
        if len(made) == 1:
            sweep()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_sweep)
    own = OwnFolder()
    assert len(made) == 2
    assert [*temporary.iterdir()] == [own.path]
    own.close()


def test_a_page_that_starts_sweeps(left: Path, open_page: OpenPage) -> None:
    open_page("identify").run()
    wait_until(lambda: not left.exists())
