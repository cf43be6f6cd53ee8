"""Every query is tried on both databases that the program knows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.opening import open_database
from tests.postgresql import empty


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database, on SQLite or PostgreSQL, that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'images.db'}"
    url: str = request.getfixturevalue("postgresql")
    empty(url)
    return url


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """A fresh database of today's schema, on SQLite and on PostgreSQL."""
    engine = open_database(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session
