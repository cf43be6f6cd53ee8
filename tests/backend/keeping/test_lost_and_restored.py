"""What was backed up is put back when all of it was lost: every file, and every answer."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.api.settings import Settings
from backend.keeping.backup import back_up
from backend.keeping.errors import CannotRestore
from backend.keeping.restoring import restore
from databases.engine import open_engine
from databases.errors import DatabaseInUse
from databases.models import Base
from databases.schema import MIGRATIONS, open_for_writing
from databases.settings import PROJECT
from tests.backend.api.conftest import Library
from tests.backend.keeping.conftest import ask, send, serving, similar
from tests.drawing import picture
from tests.postgresql import empty
from training.progress import Silent

TRACK = Silent().track
# A restore that is killed when the first picture is to get its name.
KILLED = """
import os, pathlib, signal, sys
from backend.keeping.restoring import restore
from backend.keeping.swapping import Swap
from databases.settings import StateSettings, load_settings
from training.progress import Silent
Swap.move = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
backup, pictures = map(pathlib.Path, sys.argv[1:])
restore(load_settings(StateSettings), backup, Silent().track, pictures_to=pictures)
"""


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(url: str) -> dict[str, list[Any]]:
    """All that a database holds of its own."""
    engine = open_engine(url, read_only=True)
    with engine.connect() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
            if "dialect" not in table.info
        }
    engine.dispose()
    return found


def without_places(held: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Where roots lie is another machine's own."""
    return held | {"roots": [(row[0], row[1], row[3]) for row in held["roots"]]}


def elsewhere(settings: Settings, folder: Path, url: str | None = None) -> Settings:
    """The settings of another machine."""
    return Settings(
        DATABASE_URL=url or f"sqlite:///{folder / 'db' / 'images.db'}",
        bundles=folder / "bundles",
        uploads=folder / "uploads",
        max_upload_bytes=settings.max_upload_bytes,
    )


def test_all_that_was_lost_comes_back_byte_for_byte_and_answers_as_before(
    small_library: Library, tmp_path: Path
) -> None:
    settings = small_library.settings
    (small_library.reports / "colours-1").mkdir(parents=True)
    (small_library.reports / "colours-1" / "report.html").write_text("how good it is")
    with serving(small_library) as client:
        sent = send(client)
        answers = ask(client), similar(client), client.get(f"/images/{sent}/content").content
    with serving(small_library):
        backup = back_up(settings, tmp_path / "kept.tar", TRACK)
    small_library.engine.dispose()
    files = {name: hashes(getattr(settings, name)) for name in ("bundles", "reports", "uploads")}
    held = rows(settings.database_url)
    assert all(files.values())
    for lost in (small_library.bundles, small_library.reports, small_library.uploads, tmp_path / "state"):
        shutil.rmtree(lost)
    restored = restore(settings, backup.path, TRACK)
    assert (restored.damaged, restored.aside, restored.contents.lacking) == ((), (), ())
    assert {name: hashes(getattr(settings, name)) for name in files} == files
    assert rows(settings.database_url) == held
    with serving(small_library) as client:
        assert (ask(client), similar(client), client.get(f"/images/{sent}/content").content) == answers


def test_a_backup_of_one_kind_of_database_goes_into_the_other_and_back(
    small_library: Library, postgresql: str, tmp_path: Path
) -> None:
    empty(postgresql)
    with serving(small_library) as client:
        send(client)
        answers = ask(client), similar(client)
    small_library.engine.dispose()
    held = without_places(rows(small_library.settings.database_url))
    first = back_up(small_library.settings, tmp_path / "first.tar", TRACK)
    other = elsewhere(small_library.settings, tmp_path / "other", postgresql)
    restore(other, first.path, TRACK)
    assert without_places(rows(postgresql)) == held
    second = back_up(other, tmp_path / "second.tar", TRACK)
    third = elsewhere(small_library.settings, tmp_path / "third")
    restore(third, second.path, TRACK)
    assert without_places(rows(third.database_url)) == held
    for settings in (other, third):
        moved = replace(small_library, settings=settings)
        with serving(moved) as client:
            assert (ask(client), similar(client)) == answers
            assert send(client, picture("blue", 90)) > 0  # ids go on where they were
            sent = [path.parent for path in moved.uploads.rglob("*.jpg")]
        assert sent == [moved.uploads / "colours"] * 2


def test_a_backup_of_an_older_schema_is_brought_to_this_one(small_library: Library, tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with small_library.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    small_library.engine.dispose()
    backup = back_up(small_library.settings, tmp_path / "old.tar", TRACK)
    assert backup.contents.revision == "0003"
    other = elsewhere(small_library.settings, tmp_path / "other")
    restore(other, backup.path, TRACK)
    moved = replace(small_library, settings=other)
    with serving(moved) as client:
        assert ask(client)["label"] == "red"
        assert client.get("/images").json()["total"] == 19


def test_pictures_go_along_where_that_is_said_and_lie_where_one_likes(
    small_library: Library, tmp_path: Path
) -> None:
    small_library.engine.dispose()
    backup = back_up(small_library.settings, tmp_path / "kept.tar", TRACK, pictures=True)
    pictures = hashes(small_library.root)
    (small_library.root / "red" / "0.jpg").unlink()
    (small_library.root / "red" / "1.jpg").write_bytes(b"another file")
    other = elsewhere(small_library.settings, tmp_path / "other")
    restored = restore(other, backup.path, TRACK)
    assert (restored.pictures, restored.left) == (1, (small_library.root / "red" / "1.jpg",))
    assert (small_library.root / "red" / "1.jpg").read_bytes() == b"another file"
    third = elsewhere(small_library.settings, tmp_path / "third")
    assert restore(third, backup.path, TRACK, pictures_to=tmp_path / "p").pictures == len(pictures)
    assert hashes(tmp_path / "p" / "colours") == pictures
    shutil.rmtree(small_library.root)
    moved = replace(small_library, settings=third)
    with serving(moved) as client:
        first = similar(client)["items"][0]["image"]["id"]
        assert client.get(f"/images/{first}/content").status_code == 200


def test_one_that_is_killed_amid_pictures_leaves_nothing_once_it_is_done_again(
    small_library: Library, tmp_path: Path
) -> None:
    small_library.engine.dispose()
    backup = back_up(small_library.settings, tmp_path / "kept.tar", TRACK, pictures=True)
    other, pictures = elsewhere(small_library.settings, tmp_path / "other"), tmp_path / "p"
    told = {"DATABASE_URL": other.database_url, "MENAGERIE_BUNDLES": str(other.bundles)}
    command = [sys.executable, "-c", KILLED, str(backup.path), str(pictures)]
    killed = subprocess.run(command, env=os.environ | told, cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(pictures.rglob(".*"))
    assert list((tmp_path / "other").rglob("*.restoring"))
    restore(other, backup.path, TRACK, pictures_to=pictures)
    assert hashes(pictures / "colours") == hashes(small_library.root)
    assert not list((tmp_path / "other").rglob("*.restoring"))


def test_a_state_is_set_aside_only_where_that_is_said(small_library: Library, tmp_path: Path) -> None:
    small_library.engine.dispose()
    settings = small_library.settings
    backup = back_up(settings, tmp_path / "kept.tar", TRACK)
    before = hashes(small_library.bundles)
    with pytest.raises(CannotRestore, match=r"there is a state already: the database sqlite.*say --force"):
        restore(settings, backup.path, TRACK)
    restored = restore(settings, backup.path, TRACK, force=True)
    folder, database = restored.aside
    assert isinstance(folder, Path)
    assert hashes(folder) == before
    assert rows(f"sqlite:///{database}") == rows(settings.database_url)
    assert {
        name: h for name, h in hashes(small_library.bundles).items() if not name.startswith(".")
    } == before


def test_a_database_that_is_damaged_is_set_aside_too(small_library: Library, tmp_path: Path) -> None:
    small_library.engine.dispose()
    backup = back_up(small_library.settings, tmp_path / "kept.tar", TRACK)
    file = tmp_path / "state" / "images.db"
    file.write_bytes(b"no database " * 1000)
    restored = restore(small_library.settings, backup.path, TRACK, force=True)
    assert restored.aside[-1].read_bytes().startswith(b"no database")
    with serving(small_library) as client:
        assert ask(client)["label"] == "red"


def test_nothing_is_put_under_a_service_that_runs(small_library: Library, tmp_path: Path) -> None:
    backup = back_up(small_library.settings, tmp_path / "kept.tar", TRACK)
    with serving(small_library) as client:
        assert client.get("/readyz").status_code == 200
        with pytest.raises(DatabaseInUse, match="is in use: end the service"):
            restore(small_library.settings, backup.path, TRACK, force=True)
        assert ask(client)["label"] == "red"


def test_what_is_deleted_is_not_in_the_next_backup(small_library: Library, tmp_path: Path) -> None:
    with small_library.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE images SET file_name = 'a very private name' WHERE id = 1")
    with small_library.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM images")
    backup = back_up(small_library.settings, tmp_path / "kept.tar", TRACK)
    assert b"a very private name" not in backup.path.read_bytes()


def test_an_empty_database_is_no_state(small_library: Library, tmp_path: Path) -> None:
    small_library.engine.dispose()
    backup = back_up(small_library.settings, tmp_path / "kept.tar", TRACK)
    other = elsewhere(small_library.settings, tmp_path / "other")
    open_for_writing(other.database_url).dispose()
    restore(other, backup.path, TRACK)
    engine = open_engine(other.database_url)
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Base.metadata.tables["images"])) == 19
    engine.dispose()
