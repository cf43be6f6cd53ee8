"""An API over a small real library: drawn pictures on disk, a tiny real model, a real database."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.api.app import create_app
from backend.api.settings import Settings
from backend.inference.bundle import load_bundle
from backend.inference.decoding import decode
from backend.inference.prediction import Predictor
from databases import embeddings, library, registry
from databases.places import Place
from tests.drawing import draw_class_folders, picture
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


@pytest.fixture
def small_library(tmp_path: Path, engine: Engine, database_url: str, bundles: Path) -> Library:
    """Six pictures a colour, two of the red ones with the same content."""
    root = draw_class_folders(tmp_path / "pictures", PER_LABEL)
    (root / "red" / "copy.jpg").write_bytes(picture("red", 0))
    bundle = load_bundle(make_bundle(bundles))
    settings = Settings(DATABASE_URL=database_url, bundles=bundles, max_upload_bytes=200_000)
    with Session(engine) as session, session.begin():
        registry.register(session, bundle.manifest, None)
        registry.promote(session, "colours-1")
    made = Library(root, engine, settings, Predictor(bundle))
    made.update()
    return made


@pytest.fixture
def client(small_library: Library) -> Iterator[TestClient]:
    with TestClient(create_app(small_library.settings), raise_server_exceptions=False) as client:
        yield client
