"""A backup is whole or not there, and tells what lacked."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.keeping import backup as module
from backend.keeping.backup import back_up
from backend.keeping.errors import BadBackup, CannotBackUp
from backend.keeping.restoring import restore
from databases.errors import DatabaseUnavailable
from databases.settings import PROJECT
from tests.backend.api.conftest import Library
from tests.backend.keeping.conftest import send, serving
from training.progress import Silent

TRACK = Silent().track
# A backup that is killed when all of its files are written but the last member.
KILLED = """
import os, pathlib, signal, sys
from backend.keeping import archive
from backend.keeping.backup import back_up
from databases.settings import StateSettings, load_settings
from training.progress import Silent
archive.add_bytes = lambda tar, name, data: os.kill(os.getpid(), signal.SIGKILL)
back_up(load_settings(StateSettings), pathlib.Path(sys.argv[1]), Silent().track)
"""


def test_a_file_that_is_there_is_left_as_it_is(small_library: Library, tmp_path: Path) -> None:
    (tmp_path / "kept.tar").write_text("another")
    with pytest.raises(CannotBackUp, match=r"kept\.tar is there already"):
        back_up(small_library.settings, tmp_path / "kept.tar", TRACK)
    assert (tmp_path / "kept.tar").read_text() == "another"
    with pytest.raises(CannotBackUp, match="there is no folder"):
        back_up(small_library.settings, tmp_path / "none" / "kept.tar", TRACK)


def test_in_a_folder_it_gets_a_name_and_only_its_owner_may_read_it(
    small_library: Library, tmp_path: Path
) -> None:
    (tmp_path / "backups").mkdir()
    made = back_up(small_library.settings, tmp_path / "backups", TRACK)
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [made.path.name]
    assert made.path.name.startswith("menagerie-20")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600


def test_one_that_is_broken_off_leaves_nothing(small_library: Library, tmp_path: Path) -> None:
    @contextmanager
    def broken_off(what: str, total: int) -> Iterator[Callable[[int], None]]:
        del total

        def advance(_: int) -> None:
            if what == "Backing up":
                raise KeyboardInterrupt

        yield advance

    (tmp_path / "backups").mkdir()
    with pytest.raises(KeyboardInterrupt):
        back_up(small_library.settings, tmp_path / "backups", broken_off)
    assert list((tmp_path / "backups").iterdir()) == []


def test_one_that_is_killed_leaves_what_is_no_backup_and_the_next_one_removes_it(
    small_library: Library, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    command = [sys.executable, "-c", KILLED, str(backups)]
    told = {
        "DATABASE_URL": small_library.settings.database_url,
        "MENAGERIE_BUNDLES": str(small_library.bundles),
    }
    killed = subprocess.run(command, env=os.environ | told, cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = backups.iterdir()
    (draft,) = left.rglob("draft.tar")
    with pytest.raises(BadBackup, match=r"draft\.tar is no(t whole| backup)"):
        restore(small_library.settings, draft, TRACK, force=True)
    made = back_up(small_library.settings, backups, TRACK)
    assert list(backups.iterdir()) == [made.path]


def test_what_is_missing_or_damaged_is_told_and_holds_nothing_up(
    small_library: Library, tmp_path: Path
) -> None:
    model = small_library.bundles / "colours-1" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    made = back_up(small_library.settings, tmp_path / "a.tar", TRACK)
    assert made.contents.lacking == ("bundles/colours-1/model.onnx",)
    model.unlink()
    made = back_up(small_library.settings, tmp_path / "b.tar", TRACK)
    assert made.contents.lacking == ("bundles/colours-1/model.onnx",)
    (small_library.bundles / "colours-1" / "manifest.json").unlink()
    made = back_up(small_library.settings, tmp_path / "c.tar", TRACK)
    assert made.contents.lacking == ("bundles/colours-1",)


def test_a_sent_picture_that_is_not_what_was_sent_is_told(small_library: Library, tmp_path: Path) -> None:
    with serving(small_library) as client:
        send(client)
    (file,) = small_library.uploads.rglob("*.jpg")
    assert back_up(small_library.settings, tmp_path / "a.tar", TRACK).contents.lacking == ()
    file.write_bytes(b"another file")
    made = back_up(small_library.settings, tmp_path / "b.tar", TRACK)
    assert made.contents.lacking == (f"uploads/colours/{file.name}",)


def test_without_room_or_without_a_database_nothing_is_begun(
    small_library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = small_library.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'none.db'}"})
    with pytest.raises(DatabaseUnavailable, match="there is no database at"):
        back_up(absent, tmp_path / "kept.tar", TRACK)
    monkeypatch.setattr(module, "ROOM", 2**60)
    with pytest.raises(CannotBackUp, match=r"finds no room in .*: .* MB are free"):
        back_up(small_library.settings, tmp_path / "kept.tar", TRACK)
    assert not list(tmp_path.glob("*.tar")) + list(tmp_path.glob(".*"))
