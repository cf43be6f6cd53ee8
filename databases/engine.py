"""Connections: SQLite in WAL mode by default, PostgreSQL by URL."""

import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from databases.errors import DatabaseUnavailable

BUSY_TIMEOUT_MS = 10_000
WAL_PAUSE_SECONDS = 0.01
# serialization_failure, deadlock_detected, lock_not_available
POSTGRESQL_BUSY = ("40001", "40P01", "55P03")
POSTGRESQL_FULL = "53100"  # disk_full


def open_engine(url: str, *, read_only: bool = False, existing: bool = False) -> Engine:
    """An engine for `url`. With `read_only`, every statement that writes is refused by the database itself.

    SQLite's file may go while it is open, and another one take its place: a connection to the one that went
    is not used again. With `existing`, none is made where there is none.

    Raises:
        DatabaseUnavailable: the URL is malformed, or names a database that is neither SQLite nor PostgreSQL.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        event.listen(engine, "connect", _prepare_read_only_sqlite if read_only else _prepare_sqlite)
        if parsed.database not in (None, "", ":memory:"):
            _follow_file(engine, Path(str(parsed.database)), existing=existing)
        return engine
    if read_only:
        asked = parsed.query.get("options", "")
        options = (
            f"{asked if isinstance(asked, str) else ' '.join(asked)} -c default_transaction_read_only=on"
        )
        parsed = parsed.update_query_dict({"options": options.strip()})
    return create_engine(parsed, pool_pre_ping=True)


def is_busy(error: OperationalError) -> bool:
    """Whether a statement failed only because somebody else was writing: the same may do a moment later."""
    told = getattr(error.orig, "sqlite_errorcode", None)
    if told is not None:
        return int(told) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return getattr(error.orig, "sqlstate", None) in POSTGRESQL_BUSY


def is_full(error: OperationalError) -> bool:
    """Whether a statement failed only because the disk is full."""
    told = getattr(error.orig, "sqlite_errorcode", None)
    if told is not None:
        return int(told) & 0xFF == sqlite3.SQLITE_FULL
    return getattr(error.orig, "sqlstate", None) == POSTGRESQL_FULL


def has_nul(error: DataError) -> bool:
    """Whether a statement failed only because a text in it has a NUL character, which PostgreSQL keeps none
    of: psycopg does not even ask it, and has no code for that."""
    return "NUL (0x00)" in str(error.orig)


def check_reachable(engine: Engine) -> None:
    """Raises DatabaseUnavailable, with the driver's own reason, where the database does not answer."""
    try:
        with engine.connect():
            pass
    except DatabaseError as error:
        shown = engine.url.render_as_string(hide_password=True)
        raise DatabaseUnavailable(
            f"the database {shown} does not answer: {str(error.orig).strip()}"
        ) from error


def parse_url(url: str, source: str = "DATABASE_URL") -> URL:
    """`url` with the driver that we use for its kind of database; `source` says where it was written.

    Raises:
        DatabaseUnavailable: it is malformed, or names a database that is neither SQLite nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter where the port is no number
        raise DatabaseUnavailable(f"{source} is not a database URL, such as sqlite:///images.db") from None
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise DatabaseUnavailable(f"{source} names {backend!r}; only sqlite and postgresql are known")
    return parsed.set(drivername="sqlite")


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    _switch_to_wal(cursor)
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: DBAPICursor) -> None:
    """Waits itself: where several open a new database at once, SQLite may refuse without waiting."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(WAL_PAUSE_SECONDS)
        else:
            return


def _prepare_read_only_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    _prepare_sqlite(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _follow_file(engine: Engine, path: Path, *, existing: bool) -> None:
    """Has each connection be of the file that is at `path` when it is asked for."""

    def remember(_: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _identity(path)

    def compare(_: DBAPIConnection, record: ConnectionPoolEntry, __: Any) -> None:
        if record.info["file"] != _identity(path):
            raise DisconnectionError(f"{path} is another file now, or gone")

    def open_existing(_: Any, __: ConnectionPoolEntry, arguments: list[Any], named: dict[str, Any]) -> None:
        arguments[0] = f"file:{quote(arguments[0])}?mode=rw"
        named["uri"] = True

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", compare)
    if existing:
        event.listen(engine, "do_connect", open_existing)


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file at `path`: no other one has its number as long as a connection holds it open."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
