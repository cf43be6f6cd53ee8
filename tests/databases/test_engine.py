"""Connections to both databases."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from databases.engine import BUSY_TIMEOUT_MS, check_reachable, open_engine
from databases.errors import DatabaseUnavailable
from databases.schema import open_for_serving, open_for_writing

ADD_ROOT = text("INSERT INTO roots (name, uri, task, created_at) VALUES ('a', 'b', 'c', '2026-01-01')")
MALFORMED = ["", "images.db", "postgresql://localhost:port/menagerie"]


def test_sqlite_lets_readers_and_a_writer_work_side_by_side(database_url: str) -> None:
    engine = open_for_writing(database_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_TIMEOUT_MS
    reader = open_for_serving(database_url, read_only=True)
    with engine.begin() as writing, reader.connect() as reading:
        writing.execute(ADD_ROOT)
        assert reading.execute(text("SELECT count(*) FROM roots")).scalar_one() == 0
    reader.dispose()
    engine.dispose()


@pytest.mark.usefixtures("engine")
def test_a_read_only_engine_reads_and_cannot_write(empty_url: str) -> None:
    serving = open_for_serving(empty_url, read_only=True)
    with serving.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM roots")).scalar_one() == 0
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            connection.execute(ADD_ROOT)
    serving.dispose()


def test_a_connection_to_a_file_that_went_is_not_used_again(database_url: str, tmp_path: Path) -> None:
    open_for_writing(database_url).dispose()
    serving = open_for_serving(database_url, read_only=False)
    with serving.begin() as connection:
        connection.execute(ADD_ROOT)
    file, elsewhere = tmp_path / "state" / "images.db", tmp_path / "elsewhere.db"
    serving.dispose()
    with serving.connect() as connection:
        assert count_roots(connection) == 1
    file.rename(elsewhere)
    with pytest.raises(OperationalError, match="unable to open database file"):
        serving.connect()
    assert not file.exists()  # none is made where there is none
    open_for_writing(database_url).dispose()
    with serving.connect() as connection:
        assert count_roots(connection) == 0  # of the other one
    serving.dispose()
    elsewhere.replace(file)
    with serving.connect() as connection:
        assert count_roots(connection) == 1
    serving.dispose()


def count_roots(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM roots")).scalar_one())


def test_a_row_that_points_nowhere_is_refused(engine: Engine) -> None:
    orphan = text("INSERT INTO promotions (task, model_id, promoted_at) VALUES ('a', 77, '2026-01-01')")
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(orphan)


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_named_as_such(url: str) -> None:
    openers: tuple[Callable[[str], Engine], ...] = (
        open_engine,
        open_for_writing,
        lambda url: open_for_serving(url, read_only=True),
    )
    for opener in openers:
        with pytest.raises(DatabaseUnavailable, match="DATABASE_URL is not a database URL"):
            opener(url)


def test_another_kind_of_database_is_named_and_refused() -> None:
    with pytest.raises(DatabaseUnavailable, match="names 'mysql'; only sqlite and postgresql are known"):
        open_engine("mysql://localhost/menagerie")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_way_to_write_postgresql_means_the_driver_that_is_installed(scheme: str) -> None:
    engine = open_engine(f"{scheme}://somebody@localhost/menagerie")
    assert engine.url.drivername == "postgresql+psycopg"


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    engine = open_engine("postgresql://somebody:secret@127.0.0.1:1/menagerie")
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1/menagerie does not answer") as refused:
        check_reachable(engine)
    assert "secret" not in str(refused.value)
    engine.dispose()


def test_sqlite_in_a_folder_that_does_not_exist_is_refused_for_reading(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'absent' / 'images.db'}")
    with pytest.raises(DatabaseUnavailable, match="does not answer: unable to open database file"):
        check_reachable(engine)


def test_a_new_database_is_waited_for_while_another_has_it_to_itself(tmp_path: Path) -> None:
    file = tmp_path / "images.db"
    holder = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.3, lambda: holder.execute("COMMIT"))
    release.start()
    engine = open_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    release.join()
    engine.dispose()
    holder.close()
