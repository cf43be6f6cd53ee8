"""Galleries filled with pictures of which only that is said what a test cares about."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, delete, insert
from sqlalchemy.orm import Session

from backend.gallery.asking import Gallery
from backend.gallery.opening import open_gallery
from databases import embeddings
from databases.library import Split
from databases.models import Image, Model, Root
from databases.registry import RegisteredModel
from tests.databases.filling import Library, content, image_row, register

SPLITS: tuple[Split, ...] = ("train", "val", "test")


# The source of what people sent.
SENT = "sent"


@dataclass(frozen=True)
class Picture:
    """A picture of a library. `content`: what its file holds, by default nothing that another does. `day`: of
    January 2026, when it was ingested. `embedded`: what its file held when it was embedded, if other."""

    id: int
    vector: tuple[float, ...]
    label: str | None = "cat"
    split: Split = "train"
    source: str = "pets"
    task: str = "pets"
    day: int = 1
    content: str = ""
    group: int | None = None
    status: str = "ok"
    excluded: bool = False
    embedded: str | None = None

    @property
    def sha256(self) -> str:
        return content(self.content or f"picture {self.id}")

    @property
    def embedded_sha256(self) -> str:
        return self.sha256 if self.embedded is None else content(self.embedded)

    @property
    def shown(self) -> str:
        return self.sha256 if self.group is None else f"group {self.group}"

    @property
    def ingested_at(self) -> datetime:
        return on_day(self.day)

    @property
    def served(self) -> bool:
        return self.status == "ok" and not self.excluded and self.embedded is None and self.task == "pets"


@dataclass
class Shelving:
    """A database and the folder where its galleries may keep what they like."""

    engine: Engine
    folder: Path
    emptied: int = 0  # so that no gallery finds what it kept of pictures that are gone

    def empty(self) -> None:
        """Leaves no picture, model or root."""
        with self.engine.begin() as connection:
            for table in (Image, Model, Root):
                connection.execute(delete(table))
        self.emptied += 1

    def fill(self, pictures: Sequence[Picture], version: str = "pets-1") -> RegisteredModel:
        """Puts pictures into the library, and their vectors under a new model."""
        with Session(self.engine) as session, session.begin():
            put(session, pictures)
            model = register(session, version)
            embed(session, model, pictures)
        return model

    @contextmanager
    def opened(self, model: RegisteredModel, size: int = 4) -> Iterator[Gallery]:
        gallery = open_gallery(self.engine, model, size, self.folder / str(self.emptied), threads=1)
        try:
            yield gallery
        finally:
            gallery.close()


def put(session: Session, pictures: Sequence[Picture]) -> None:
    """Puts pictures into the library."""
    roots = {
        place: Library(session, *place, f"/pictures/{place}", sent=place[0] == SENT).root_id
        for place in {(picture.source, picture.task) for picture in pictures}
    }
    if pictures:
        session.execute(insert(Image), [_row(one, roots[one.source, one.task]) for one in pictures])


def embed(session: Session, model: RegisteredModel, pictures: Sequence[Picture]) -> None:
    vectors = {one.id: (one.embedded_sha256, unit(one.vector).tobytes()) for one in pictures}
    embeddings.put_embeddings(session, model.id, vectors)


def unit(vector: Sequence[float]) -> NDArray[np.float32]:
    """The vector of length 1 in this direction."""
    whole = np.array(vector, np.float64)
    return np.asarray(whole / np.linalg.norm(whole), "<f4")


def on_day(day: int) -> datetime:
    return datetime(2026, 1, day, 12, tzinfo=UTC)


def many(vectors: NDArray[np.float64], **said: Any) -> list[Picture]:
    """Pictures with these vectors, with ids from 1 on."""
    some = Picture(0, (), **said)
    return [replace(some, id=number, vector=tuple(row)) for number, row in enumerate(vectors.tolist(), 1)]


def _row(picture: Picture, root_id: int) -> dict[str, Any]:
    return image_row(root_id, f"{picture.label}/{picture.id}.jpg") | {
        "id": picture.id,
        "label": picture.label,
        "source_label": picture.label,
        "split": picture.split,
        "sha256": picture.sha256,
        "duplicate_group": picture.group,
        "status": picture.status,
        "excluded": picture.excluded,
        "ingested_at": picture.ingested_at,
    }
