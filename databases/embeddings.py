"""Queries on the embeddings: one vector a picture and model, tied to the picture's content."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import Select, delete, exists, func, insert, select
from sqlalchemy.orm import Session, aliased

from databases.models import Embedding, Image, Model, Root
from databases.parts import parts

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class GalleryRow:
    """A picture of the gallery. `vector`: float32 [embedding_size], little-endian bytes."""

    image_id: int
    label: str | None
    sha256: str
    vector: bytes


@dataclass(frozen=True)
class GalleryState:
    """A gallery's size, the sum of its picture ids, and when one of them was last written."""

    pictures: int
    sum_of_ids: int
    latest: datetime | None


def unembedded(session: Session, model_id: int, task: str) -> list[int]:
    """Ids of a task's usable pictures that have no embedding of their present content under a model."""
    query = (
        select(Image.id)
        .join(Root)
        .where(
            Root.task == task,
            Image.usable,
            ~exists().where(
                Embedding.image_id == Image.id,
                Embedding.model_id == model_id,
                Embedding.sha256 == Image.sha256,
            ),
        )
    )
    return list(session.scalars(query.order_by(Image.id)))


def put_embeddings(session: Session, model_id: int, vectors: Mapping[int, tuple[str, bytes]]) -> None:
    """Writes (content hash, vector) by image id, in place of what was there."""
    if not vectors:
        return
    session.execute(
        delete(Embedding).where(Embedding.model_id == model_id, Embedding.image_id.in_(list(vectors)))
    )
    session.execute(
        insert(Embedding),
        [
            {"image_id": image_id, "model_id": model_id, "sha256": sha256, "vector": vector}
            for image_id, (sha256, vector) in vectors.items()
        ],
    )


def copy_embeddings(session: Session, model_id: int, image_ids: Sequence[int]) -> set[int]:
    """Takes over vectors of the same pictures from models with the same embedder. Returns whose."""
    embedder = select(Model.embedder).where(Model.id == model_id).scalar_subquery()
    other = aliased(Model)
    rows = session.execute(
        select(Embedding.image_id, Embedding.sha256, Embedding.vector)
        .join(other, other.id == Embedding.model_id)
        .join(Image, Image.id == Embedding.image_id)
        .where(
            other.embedder == embedder,
            other.id != model_id,
            Embedding.image_id.in_(image_ids),
            Embedding.sha256 == Image.sha256,
        )
    )
    found = {image_id: (sha256, vector) for image_id, sha256, vector in rows}
    put_embeddings(session, model_id, found)
    return set(found)


def vectors_of(session: Session, model_id: int, image_ids: Sequence[int]) -> dict[int, bytes]:
    """Vectors under a model by image id, of those among `image_ids` that have one."""
    found: dict[int, bytes] = {}
    for some in parts(image_ids):
        rows = session.execute(
            select(Embedding.image_id, Embedding.vector).where(
                Embedding.model_id == model_id, Embedding.image_id.in_(some)
            )
        )
        found.update((image_id, vector) for image_id, vector in rows)
    return found


def read_vectors(session: Session, model_id: int, task: str) -> Iterator[GalleryRow]:
    """A task's embeddings under a model, of pictures that are still what they were, by image id."""
    columns = select(Image.id, Image.label, Embedding.sha256, Embedding.vector)
    for row in session.execute(_gallery(columns, model_id, task).order_by(Image.id)):
        yield GalleryRow(*row)


def gallery_state(session: Session, model_id: int, task: str) -> GalleryState:
    """Differs whenever a picture came, went, or was written anew, its label included."""
    query = _gallery(select(func.count(), func.sum(Image.id), func.max(Image.ingested_at)), model_id, task)
    count, ids, latest = session.execute(query).one()
    return GalleryState(count, int(ids or 0), latest)


def _gallery(query: Select[*Columns], model_id: int, task: str) -> Select[*Columns]:
    return (
        query.select_from(Embedding)
        .join(Image, Image.id == Embedding.image_id)
        .join(Root, Root.id == Image.root_id)
        .where(
            Embedding.model_id == model_id,
            Root.task == task,
            Image.usable,
            Embedding.sha256 == Image.sha256,
        )
    )
