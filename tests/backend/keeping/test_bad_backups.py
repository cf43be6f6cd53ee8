"""What is no backup, or not whole, is refused before anything is touched."""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from backend.keeping.archive import check
from backend.keeping.backup import MadeBackup, back_up
from backend.keeping.errors import BadBackup, CannotRestore
from backend.keeping.restoring import restore
from backend.keeping.swapping import Swap
from databases import registry
from databases.errors import SchemaMismatch
from tests.backend.api.conftest import TASK, Library
from tests.backend.keeping.conftest import ask, serving
from tests.databases.filling import Bundle
from training.progress import Silent

TRACK = Silent().track


@pytest.fixture
def members() -> dict[str, bytes]:
    """Of a backup that is whole, as far as a look at its files tells."""
    files = {"images.db": b"a database", "bundles/colours-1/model.onnx": b"a model"}
    told = {
        "format_version": 1,
        "made_at": "2026-01-01T00:00:00+00:00",
        "revision": "0001",
        "pictures": False,
        "lacking": [],
        "members": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
    }
    return files | {"contents.json": json.dumps(told).encode()}


def write(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def with_contents(**changes: object) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        told = json.loads(members["contents.json"]) | changes
        members["contents.json"] = json.dumps(told).encode()

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda members: members.pop("contents.json"), r"not whole: it holds no contents\.json"),
        (lambda members: members.pop("bundles/colours-1/model.onnx"), "it lacks bundles/colours-1/model"),
        (lambda members: members.update({"images.db": b""}), r"is damaged: images\.db is not what"),
        (lambda members: members.update({"bundles/b/x": b""}), "it does not say what bundles/b/x is"),
        (lambda members: members.update({"../x": b""}), r"is no backup: it holds '\.\./x'"),
        (lambda members: members.update({"/etc/x": b""}), "is no backup: it holds '/etc/x'"),
        (lambda members: members.update({"bundles/../../x": b""}), "is no backup: it holds"),
        (with_contents(format_version=2), "has format_version 2, this version reads 1"),
        (with_contents(members=[]), r"is no backup: members in contents\.json"),
        (with_contents(strange=1), r"is no backup: strange in contents\.json"),
    ],
)
def test_a_backup_that_is_not_what_it_says_is_refused(
    members: dict[str, bytes], change: Callable[[dict[str, bytes]], Any], told: str, tmp_path: Path
) -> None:
    assert check(write(tmp_path / "kept.tar", members), TRACK).revision == "0001"
    change(members)
    with pytest.raises(BadBackup, match=told):
        check(write(tmp_path / "kept.tar", members), TRACK)


def test_a_file_that_is_no_tar_or_cut_short_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "kept.tar", members)
    data = path.read_bytes()
    for part in (b"", b"no tar at all" * 1000, *(data[:size] for size in range(100, 3000, 100))):
        path.write_bytes(part)
        with pytest.raises(BadBackup):
            check(path, TRACK)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBackup, match="is a folder: name a backup in it"):
        check(tmp_path, TRACK)


def test_a_link_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "kept.tar", members)
    with tarfile.open(path, "a") as tar:
        info = tarfile.TarInfo("bundles/colours-1/link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(BadBackup, match="it holds 'bundles/colours-1/link'"):
        check(path, TRACK)


def test_a_champion_that_was_damaged_already_is_not_put_back(small_library: Library, tmp_path: Path) -> None:
    small_library.engine.dispose()
    settings = small_library.settings
    model = small_library.bundles / "colours-1" / "model.onnx"
    sound = model.read_bytes()
    model.write_bytes(sound[:-1])
    backup = back_up(settings, tmp_path / "kept.tar", TRACK)
    assert backup.champions == ("colours-1",)
    model.write_bytes(sound)
    with pytest.raises(BadBackup, match=r"nothing was put back: colours-1 serves, and .*--damaged"):
        restore(settings, backup.path, TRACK, force=True)
    assert model.read_bytes() == sound
    assert not list(small_library.bundles.glob(".*"))


def test_of_another_tasks_champion_that_was_gone_already_a_restore_can_be_told(
    small_library: Library, tmp_path: Path
) -> None:
    with Session(small_library.engine) as session, session.begin():
        registry.register(session, Bundle("starter-1", task="starter"), metrics=None)
        registry.promote(session, "starter-1")
    small_library.engine.dispose()
    settings = small_library.settings
    backup = back_up(settings, tmp_path / "kept.tar", TRACK)
    assert backup.champions == ("starter-1",)
    with pytest.raises(BadBackup, match="nothing was put back: starter-1 serves, and"):
        restore(settings, backup.path, TRACK, force=True)
    assert restore(settings, backup.path, TRACK, force=True, damaged=True).damaged == ("starter-1",)
    with serving(small_library, task=TASK) as client:
        assert ask(client)["label"] == "red"


def test_a_newer_versions_backup_is_refused(small_library: Library, tmp_path: Path) -> None:
    with small_library.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    small_library.engine.dispose()
    backup = back_up(small_library.settings, tmp_path / "kept.tar", TRACK)
    with pytest.raises(SchemaMismatch, match="a newer menagerie made it"):
        restore(small_library.settings, backup.path, TRACK, force=True)


def test_pictures_cannot_be_put_anywhere_where_there_are_none(
    small_library: Library, backed_up: MadeBackup, tmp_path: Path
) -> None:
    with pytest.raises(CannotRestore, match="made without --pictures"):
        restore(small_library.settings, backed_up.path, TRACK, force=True, pictures_to=tmp_path / "p")
    assert (small_library.bundles / "colours-1" / "model.onnx").is_file()


def test_where_something_cannot_be_moved_all_is_as_it_was(
    small_library: Library, backed_up: MadeBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_library.settings
    before = sorted(path for path in small_library.bundles.parent.rglob("*"))
    move = Swap.move

    def fail_at_last(self: Swap, source: Path, target: Path) -> None:
        if target.name == "images.db":
            raise OSError("the disk is gone")
        move(self, source, target)

    monkeypatch.setattr(Swap, "move", fail_at_last)
    with pytest.raises(OSError, match="the disk is gone"):
        restore(settings, backed_up.path, TRACK, force=True)
    there = {path for path in small_library.bundles.parent.rglob("*") if ".before" not in str(path)}
    made_anew = re.compile(r"\.galleries|-shm$|-wal$")
    assert there >= {path for path in before if not made_anew.search(str(path))}
