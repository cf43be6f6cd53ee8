"""Whether a database takes what is written, found out by writing what is there already."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from databases import engine as module
from databases.engine import is_busy, is_full
from databases.schema import open_for_serving, open_for_writing
from databases.writable import check_writable
from tests.filesystems import fill, small_disk


def check(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        check_writable(session)


def test_one_that_takes_what_is_written_stays_as_it_is(engine: Engine) -> None:
    told = text("SELECT version_num FROM alembic_version")
    with engine.connect() as connection:
        before = connection.execute(told).all()
    check(engine)
    with engine.connect() as connection:
        assert connection.execute(told).all() == before


@pytest.mark.usefixtures("engine")
def test_one_that_may_only_be_read_does_not(empty_url: str) -> None:
    reader = open_for_serving(empty_url, read_only=True)
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        check(reader)
    reader.dispose()


def test_one_that_is_locked_does_not(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 50)
    engine = open_for_writing(database_url)
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError) as refused:
            check(engine)
        assert is_busy(refused.value)
        other.execute("ROLLBACK")
    check(engine)
    engine.dispose()


def test_one_whose_disk_is_full_does_not(tmp_path: Path) -> None:
    with small_disk(tmp_path, 4):
        engine = open_for_writing(f"sqlite:///{tmp_path / 'images.db'}")
        filler = fill(tmp_path)
        with pytest.raises(OperationalError) as refused:
            check(engine)
        assert is_full(refused.value)
        filler.unlink()
        check(engine)
        engine.dispose()
