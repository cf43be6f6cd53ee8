"""Both engines are tried: what a gallery promises, it promises on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.backend.gallery.shelving import Shelving
from tests.opening import open_database
from tests.postgresql import empty


@pytest.fixture(params=["sqlite", "postgresql"])
def shelving(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelving]:
    """A database that holds nothing yet, on SQLite or on PostgreSQL."""
    if request.param == "postgresql":
        yield request.getfixturevalue("on_postgresql")
        return
    engine = open_database(f"sqlite:///{tmp_path / 'images.db'}")
    yield Shelving(engine, tmp_path / "galleries")
    engine.dispose()


@pytest.fixture
def on_postgresql(migrated: Engine, tmp_path: Path) -> Shelving:
    shelving = Shelving(migrated, tmp_path / "galleries")
    shelving.empty()
    return shelving


@pytest.fixture(scope="module")
def migrated(postgresql: str) -> Iterator[Engine]:
    """A PostgreSQL database of today's schema: emptying it takes less time than making it."""
    empty(postgresql)
    engine = open_database(postgresql)
    yield engine
    engine.dispose()
