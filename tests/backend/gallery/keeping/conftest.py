"""A gallery of 200 pictures on SQLite, whose index lies beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases.registry import RegisteredModel
from tests.backend.gallery.keeping.indexing import crowd
from tests.backend.gallery.shelving import Shelving
from tests.opening import open_database


@pytest.fixture
def shelving(tmp_path: Path) -> Iterator[Shelving]:
    engine = open_database(f"sqlite:///{tmp_path / 'images.db'}")
    yield Shelving(engine, tmp_path / "galleries")
    engine.dispose()


@pytest.fixture
def model(shelving: Shelving) -> RegisteredModel:
    return shelving.fill(crowd(200))
