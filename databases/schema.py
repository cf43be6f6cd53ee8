"""The schema's version: writing commands upgrade the database, the service only checks it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import make_url

from databases.engine import check_reachable, open_engine
from databases.errors import SchemaMismatch

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
    check_reachable(engine)
    with engine.begin() as connection:
        _lock(connection)
        if _current(connection) != _scripts().get_current_head():
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
    path = make_url(url).database
    if url.startswith("sqlite") and path not in (None, "", ":memory:") and not Path(str(path)).is_file():
        raise SchemaMismatch(f"there is no database at {path}; run: menagerie db upgrade")
    engine = open_engine(url, read_only=read_only)
    check_reachable(engine)
    with engine.connect() as connection:
        current, head = _current(connection), _scripts().get_current_head()
        if current != head:
            _refuse_strangers(connection)
            raise SchemaMismatch(
                f"the database is at schema {current or 'none'}, this version needs {head}; "
                "run: menagerie db upgrade"
            )
    return engine


def _refuse_strangers(connection: Connection) -> None:
    current = _current(connection)
    known = {script.revision for script in _scripts().walk_revisions()}
    if current is not None and current not in known:
        raise SchemaMismatch(
            f"the database is at schema {current}, which this version does not know: "
            "a newer menagerie made it. Install that version, or name another database in DATABASE_URL"
        )
    if current is None and inspect(connection).get_table_names():
        raise SchemaMismatch(
            "the database holds tables that menagerie did not make; name another one in DATABASE_URL"
        )


def _make_folder(url: str) -> None:
    if url.startswith("sqlite:///") and (path := make_url(url).database):
        Path(path).parent.mkdir(parents=True, exist_ok=True)


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
