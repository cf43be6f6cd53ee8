"""The schema's version: writing commands upgrade the database, the service only checks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from databases.engine import check_reachable, open_engine, parse_url
from databases.errors import SchemaMismatch

WHAT_TO_RUN = "run: menagerie db upgrade; with containers: docker compose run --rm prepare"
MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = (
    0x6D656E61  # PostgreSQL's advisory lock: two replicas starting together upgrade one after the other
)


def open_for_writing(url: str) -> Engine:
    """An engine on a database of this version's schema, made or upgraded where that is needed.

    Raises:
        DatabaseUnavailable: it cannot be opened.
        SchemaMismatch: a newer version of the program made it, or its tables are not ours.
    """
    _make_folder(url)
    engine = open_engine(url)
    with (
        _closed_on_error(engine),
        engine.connect() as connection,
        _without_cascades(connection),
        connection.begin(),
    ):
        _lock(connection)
        if _current(connection) != head_revision():
            _refuse_strangers(connection)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return engine


def open_for_serving(url: str, *, read_only: bool) -> Engine:
    """An engine on a database that must already have this version's schema.

    Raises:
        DatabaseUnavailable: it cannot be opened.
        SchemaMismatch: it is absent, older, newer or not ours; the message says what to run.
    """
    path = sqlite_file(url)
    if path is not None and not path.is_file():
        raise SchemaMismatch(f"there is no database at {path}; {WHAT_TO_RUN}")
    engine = open_engine(url, read_only=read_only, existing=True)
    with _closed_on_error(engine), engine.connect() as connection:
        current, head = _current(connection), head_revision()
        if current != head:
            _refuse_strangers(connection)
            raise SchemaMismatch(
                f"the database is at schema {current or 'none'}, this version needs {head}; {WHAT_TO_RUN}"
            )
    return engine


@cache
def head_revision() -> str | None:
    """The version of the schema that this version of the program needs."""
    return _scripts().get_current_head()


def known_revisions() -> set[str]:
    """All versions of the schema that there have been."""
    return {script.revision for script in _scripts().walk_revisions()}


@contextmanager
def _closed_on_error(engine: Engine) -> Iterator[None]:
    """Checks that the database answers; leaves no connection behind where opening it fails."""
    try:
        check_reachable(engine)
        yield
    except BaseException:
        engine.dispose()
        raise


@contextmanager
def _without_cascades(connection: Connection) -> Iterator[None]:
    """Some changes SQLite only makes by a new table in the old one's place: when that goes, the rows of other
    tables that belong to it must not."""
    if connection.dialect.name != "sqlite":
        yield
        return
    _set_foreign_keys(connection, "OFF")
    try:
        yield
    finally:
        _set_foreign_keys(connection, "ON")


def _set_foreign_keys(connection: Connection, state: str) -> None:
    connection.exec_driver_sql(f"PRAGMA foreign_keys={state}")
    connection.rollback()  # of nothing: it holds from here on, and only outside of a transaction


def _refuse_strangers(connection: Connection) -> None:
    current = _current(connection)
    if current is not None and current not in known_revisions():
        raise SchemaMismatch(
            f"the database is at schema {current}, which this version does not know: "
            "a newer menagerie made it. Install that version, or name another database in DATABASE_URL"
        )
    if current is None and inspect(connection).get_table_names():
        raise SchemaMismatch(
            "the database holds tables that menagerie did not make; name another one in DATABASE_URL"
        )


def _make_folder(url: str) -> None:
    if path := sqlite_file(url):
        path.parent.mkdir(parents=True, exist_ok=True)


def sqlite_file(url: str) -> Path | None:
    """The file of SQLite's database; None where the URL names no file."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
