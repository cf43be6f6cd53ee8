"""An API over a small real library: drawn pictures on disk, a tiny real model, a real database."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from backend.api.app import create_app
from backend.api.settings import Settings
from backend.inference.bundle import load_bundle
from backend.inference.decoding import decode
from backend.inference.prediction import Predictor
from databases import embeddings, library, registry
from databases.models.library import Root
from databases.places import Place
from tests.drawing import draw_class_folders, picture
from tests.opening import open_database
from tests.tiny_bundle import make_bundle
from training.ingestion.run import SplitPlan, ingest
from training.ingestion.sources import open_source
from training.progress import Silent

TASK = "colours"
PER_LABEL = 6


@dataclass(frozen=True)
class Library:
    """Where the drawn pictures lie, and what the service is to open."""

    root: Path
    engine: Engine
    settings: Settings
    predictor: Predictor

    @property
    def bundles(self) -> Path:
        return _folder(self.settings.bundles)

    @property
    def reports(self) -> Path:
        return _folder(self.settings.reports)

    @property
    def uploads(self) -> Path:
        return _folder(self.settings.uploads)

    def update(self) -> None:
        """Ingests the folder and embeds what is new."""
        self._take_in(self.root, TASK)

    def add(self, table: Path) -> int:
        """Ingests a table and embeds what is new; the id of the latest picture."""
        self._take_in(table, table.stem)
        with Session(self.engine) as session:
            return max(image.id for image in library.root_images(session, table.stem))

    def _take_in(self, source: Path, name: str) -> None:
        opened = open_source(source)
        ingest(self.engine, opened, name=name, task=TASK, plan=SplitPlan(), progress=Silent())
        with Session(self.engine) as session, session.begin():
            model = registry.get_model(session, "colours-1")
            for image_id in embeddings.unembedded(session, model.id, TASK):
                image = library.find_images(session, [image_id])[image_id]
                vector = self._vector(Path(image.root_uri, image.uri).read_bytes())
                embeddings.put_embeddings(session, model.id, {image_id: (image.sha256, vector)})

    def _vector(self, data: bytes) -> bytes:
        answer = self.predictor.predict([decode(data).image])[0]
        return answer.embedding.astype(np.dtype("<f4")).tobytes()


def _folder(place: Place) -> Path:
    assert isinstance(place, Path)
    return place


@pytest.fixture(scope="session")
def first_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """What each small library begins with. Not to be changed: ingesting takes longer than most tests."""
    folder = tmp_path_factory.mktemp("library")
    root = draw_class_folders(folder / "pictures", PER_LABEL)
    (root / "red" / "copy.jpg").write_bytes(picture("red", 0))
    url, bundle = f"sqlite:///{folder / 'images.db'}", load_bundle(make_bundle(folder / "bundles"))
    engine = open_database(url)
    with Session(engine) as session, session.begin():
        registry.register(session, bundle.manifest, None)
        registry.promote(session, "colours-1")
    made = Library(root, engine, _settings(url, folder / "bundles"), Predictor(bundle))
    made.update()
    yield made
    engine.dispose()


@pytest.fixture
def small_library(
    first_library: Library, tmp_path: Path, engine: Engine, database_url: str, bundles: Path
) -> Library:
    """Six pictures a colour, two of the red ones with the same content."""
    root = Path(shutil.copytree(first_library.root, tmp_path / "pictures"))
    shutil.copytree(first_library.bundles, bundles, dirs_exist_ok=True)
    with (
        engine.connect() as connection,
        closing(sqlite3.connect(str(first_library.engine.url.database))) as its,
    ):
        database = connection.connection.driver_connection
        assert isinstance(database, sqlite3.Connection)
        its.backup(database)
    with Session(engine) as session, session.begin():
        session.execute(update(Root).values(uri=str(open_source(root).root)))
    return Library(root, engine, _settings(database_url, bundles), first_library.predictor)


def _settings(database_url: str, bundles: Path) -> Settings:
    return Settings(DATABASE_URL=database_url, bundles=bundles, max_upload_bytes=200_000)


@pytest.fixture
def client(small_library: Library) -> Iterator[TestClient]:
    with TestClient(create_app(small_library.settings), raise_server_exceptions=False) as client:
        yield client
