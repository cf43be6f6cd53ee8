"""A whole database copied, as it was at one moment, while others write.

A copy is always a file of SQLite's, whatever it is of: so it needs no program of a server's version to be
made or read, and goes back into either kind of database.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, exists, func, insert, inspect, select, text
from sqlalchemy.exc import DatabaseError as DriverError

from databases.engine import open_engine
from databases.errors import DatabaseInUse, DatabaseUnavailable
from databases.halfvec import copy_vectors
from databases.models import Base, Embedding
from databases.schema import UPGRADE_LOCK, open_for_serving, open_for_writing, sqlite_file

READ_AT_ONCE = 2000
# What is made of other tables, or tells of the schema: a database that holds nothing else is empty.
OWN_TABLES = {"alembic_version", "gallery_changes", "gallery_vectors", "gallery_writes"}
WAIT_FOR_OTHERS = "SET LOCAL lock_timeout = '10s'"

Rows = Sequence[Mapping[str, Any]]
Copied = Callable[[Connection, Table, Rows], None]


def copy_to_file(url: str, file: Path) -> None:
    """Writes all that the database at `url` holds to `file`, which must not be there yet.

    SQLite's is copied at whatever version its schema is, by VACUUM INTO: one transaction that reads, so that
    who writes meanwhile does not wait, and what was deleted does not come along. PostgreSQL's is read in one
    transaction of the level REPEATABLE READ.

    Raises:
        DatabaseUnavailable: it does not answer.
        SchemaMismatch: it is PostgreSQL's, and of another version.
        OSError: the disk is full.
    """
    source = sqlite_file(url)
    if source is not None:
        _vacuum_into(source, file)
        return
    reader = open_for_serving(url, read_only=True)
    writer = open_for_writing(_url(file))
    try:
        with reader.connect() as connection, writer.begin() as target:
            _copy(connection.execution_options(isolation_level="REPEATABLE READ"), target, _nothing_more)
    finally:
        reader.dispose()
        writer.dispose()
    settle(file)


def fill(file: Path, connection: Connection) -> None:
    """Puts what a copy of this version's schema holds in the place of all that PostgreSQL's database does,
    within the transaction of `connection`."""
    connection.execute(text(WAIT_FOR_OTHERS))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
    names = ", ".join(table.name for table in _tables())
    connection.execute(text(f"TRUNCATE {names}, gallery_vectors"))
    source = open_for_serving(_url(file), read_only=True)
    try:
        with source.connect() as reading:
            _copy(reading, connection, _vectors_too)
    finally:
        source.dispose()
    for table in _tables():
        if table.autoincrement_column is not None:
            _count_on(connection, table)


def holds_anything(engine: Engine) -> bool:
    """Whether any table of the database has a row, but for what is made of others."""
    with engine.connect() as connection:
        for name in set(inspect(connection).get_table_names()) - OWN_TABLES:
            table = engine.dialect.identifier_preparer.quote(name)
            if connection.scalar(select(exists(select(text("1")).select_from(text(table))))):
                return True
    return False


def check_sound(file: Path) -> None:
    """Raises DatabaseUnavailable where SQLite finds the file damaged, or rows that belong to none."""
    engine = open_engine(_url(file), read_only=True)
    try:
        with engine.connect() as connection:
            told = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(1)")]
            strays = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    except DriverError as error:
        raise DatabaseUnavailable(f"{file.name} is damaged: {error.orig}") from None
    finally:
        engine.dispose()
    if told != ["ok"]:
        raise DatabaseUnavailable(f"{file.name} is damaged: {told[0]}")
    if strays is not None:
        raise DatabaseUnavailable(f"{file.name} is damaged: {strays[0]} refers to what is not there")


def settle(file: Path) -> None:
    """Leaves all of a database in its one file, with none beside it.

    Raises:
        DatabaseInUse: somebody has it open.
        DatabaseUnavailable: it is damaged.
    """
    try:
        with closing(sqlite3.connect(file, timeout=0.5)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise DatabaseInUse(f"{file} is in use: end the service, and whatever else has it open") from None
        raise DatabaseUnavailable(f"{file} does not answer: {error}") from None


def _vacuum_into(source: Path, file: Path) -> None:
    if not source.is_file():
        raise DatabaseUnavailable(f"there is no database at {source}")
    asked = f"file:{quote(str(source))}?mode=ro"
    try:
        connection = sqlite3.connect(asked, uri=True, check_same_thread=False)
        # On a thread: as long as SQLite is at work on this one, no signal would be heard. The thread closes
        # what it works with, since a signal can end the wait for it too.
        with ThreadPoolExecutor(1) as pool:
            try:
                pool.submit(_vacuum_and_close, connection, file).result()
            except BaseException:
                with suppress(sqlite3.ProgrammingError):  # closed already
                    connection.interrupt()
                raise
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise OSError(f"there is no room for a copy of the database at {file.parent}") from None
        raise DatabaseUnavailable(f"the database {source} cannot be copied: {error}") from None


def _vacuum_and_close(connection: sqlite3.Connection, file: Path) -> None:
    with closing(connection):
        connection.execute("VACUUM INTO ?", (str(file),))


def _copy(source: Connection, target: Connection, copied: Copied) -> None:
    """Row by row, so that no table is held in memory; a table comes after those that it refers to."""
    for table in _tables():
        query = select(table).order_by(*table.primary_key.columns)
        with source.execution_options(yield_per=READ_AT_ONCE).execute(query) as found:
            for some in found.mappings().partitions():
                rows = [dict(row) for row in some]
                target.execute(insert(table), rows)
                copied(target, table, rows)


def _nothing_more(target: Connection, table: Table, rows: Rows) -> None:
    del target, table, rows


def _vectors_too(target: Connection, table: Table, rows: Rows) -> None:
    """PostgreSQL's search has vectors of its own."""
    if table.name != Embedding.__tablename__:
        return
    by_model: dict[int, dict[int, tuple[str, bytes]]] = {}
    for row in rows:
        by_model.setdefault(row["model_id"], {})[row["image_id"]] = row["sha256"], row["vector"]
    for model_id, vectors in by_model.items():
        copy_vectors(target, model_id, vectors)


def _count_on(connection: Connection, table: Table) -> None:
    """The next id of a table is one that no row has."""
    last = connection.scalar(select(func.max(table.columns["id"]))) or 0
    sequence = func.pg_get_serial_sequence(table.name, "id")
    connection.execute(select(func.setval(sequence, last + 1, False)))


def _tables() -> list[Table]:
    """Those that both kinds of database have, each after those that it refers to."""
    return [table for table in Base.metadata.sorted_tables if "dialect" not in table.info]


def _url(file: Path) -> str:
    return f"sqlite:///{file}"
