"""Puts a crowd into the ordinary tables of a database, as an ingest and an index would have left it. There
are no pictures: nobody looks at them here."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from bench.peers.searching import tell
from bench.similar.mixing import Crowd
from databases import registry
from databases.embeddings import put_embeddings
from databases.models import Embedding, Image, Root
from databases.registry import RegisteredModel
from databases.schema import open_for_writing

TASK = "crowd"
CHUNK, TOLD = 5_000, 100_000


@dataclass(frozen=True)
class Library:
    """A crowd in a database: row `n` is the picture with the id `n + 1`."""

    url: str
    folder: Path  # of the index
    model: RegisteredModel
    dimensions: int


@dataclass(frozen=True)
class _Bundle:
    """What the registry keeps of a bundle; there is none in any folder."""

    version: str = "crowd-1"
    task: str = TASK
    architecture: str = "efficientnet_lite0"
    labels: tuple[str, ...] = ()
    dataset_fingerprint: str | None = None
    embedder: str = "starter"


def fill(url: str, crowd: Crowd, folder: Path) -> Library:
    """Writes the crowd to the database at `url`; what is there already is left as it is."""
    engine = open_for_writing(url)
    with Session(engine) as session, session.begin():
        if TASK not in {model.task for model in registry.list_models(session)}:
            registry.register(session, _Bundle(), None)
            session.add(Root(name=TASK, uri="/nowhere", task=TASK))
        model = registry.get_model(session, _Bundle.version)
    names = np.array(crowd.names)
    with Session(engine) as session:
        there = session.scalar(select(func.count()).select_from(Embedding)) or 0
    labels, vectors = crowd.labels, crowd.vectors
    for start in range(there, len(labels), CHUNK):
        rows = slice(start, start + CHUNK)
        add(engine, model, start + 1, names[labels[rows]].tolist(), vectors[rows])
        if start % TOLD == 0:
            tell(f"{start} of {len(labels)} pictures are in the database")
    engine.dispose()
    return Library(url, folder, model, vectors.shape[1])


def add(
    engine: Engine, model: RegisteredModel, first: int, labels: list[str], vectors: NDArray[np.float32]
) -> None:
    """Writes pictures with ids from `first` on in one transaction."""
    with Session(engine) as session, session.begin():
        root = session.scalars(select(Root.id).where(Root.name == TASK)).one()
        images = list(_images(root, first, labels))
        session.execute(insert(Image), images)
        vectors_by_id = {
            image["id"]: (image["sha256"], vector.astype("<f4").tobytes())
            for image, vector in zip(images, vectors, strict=True)
        }
        put_embeddings(session, model.id, vectors_by_id)


def _images(root: int, first: int, labels: list[str]) -> Iterator[dict[str, Any]]:
    for number, label in enumerate(labels, first):
        yield {
            "id": number,
            "root_id": root,
            "uri": f"{label}/{number}.jpg",
            "file_name": f"{number}.jpg",
            "bytes": 100_000,
            "modified_ns": 0,
            "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
            "source_label": label,
            "label": label,
            "split": "train",
            "status": "ok",
        }
