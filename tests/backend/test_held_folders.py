"""What is half done lies in a folder that does not outlive its maker for long."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.held_folders import INSIDE, held_folder
from databases.settings import PROJECT

HOLD = """
import sys, time
from pathlib import Path
from backend.held_folders import held_folder
with held_folder(Path(sys.argv[1]), ".made-*.part") as folder:
    (folder / "half").write_text("of it")
    print(folder, flush=True)
    time.sleep(600)
"""


def hidden(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*"))


def test_it_is_empty_and_gone_with_its_maker(tmp_path: Path) -> None:
    with held_folder(tmp_path, ".made-*.part") as folder:
        assert not list(folder.iterdir())
        assert [entry.name.startswith(".") for entry in tmp_path.iterdir()] == [True]
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyError), held_folder(tmp_path, ".made-*.part"):
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_goes_and_what_one_works_in_stays(tmp_path: Path) -> None:
    strange = tmp_path / ".theirs.part"
    strange.mkdir()
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        theirs = Path(process.stdout.readline().strip())
        with held_folder(tmp_path, ".made-*.part") as ours, held_folder(tmp_path, ".made-*.part"):
            assert (theirs / "half").is_file()
            assert ours.is_dir()
        os.kill(process.pid, signal.SIGKILL)
    assert (theirs / "half").is_file()
    assert theirs.name == INSIDE
    with held_folder(tmp_path, ".made-*.restoring"):
        assert theirs.is_dir()  # another kind's
    with held_folder(tmp_path, ".made-*.part") as ours:
        assert hidden(tmp_path) == sorted([ours.parent, strange])
    assert hidden(tmp_path) == [strange]
