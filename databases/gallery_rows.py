"""Queries by which a gallery beside the database follows it: what changed, and what pictures now are."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from databases.embeddings import in_gallery
from databases.models import Embedding, GalleryChange, Image, Root
from databases.parts import parts

READ_AT_ONCE = 4096
# What stands for a model where a picture changed itself.
OF_PICTURES = 0

# Made once: to put it together would take as long as to run it.
PRESENT = (
    select(Image.id, Image.label, Embedding.sha256, Embedding.vector)
    .join(Embedding, Embedding.image_id == Image.id)
    .where(
        Image.id.in_(bindparam("image_ids", expanding=True)),
        Embedding.model_id == bindparam("model_id"),
        Image.usable,
        Embedding.sha256 == Image.sha256,
    )
)


@dataclass(frozen=True)
class Change:
    """A change, by its number and a random token: another database may count as far."""

    number: int
    token: str


@dataclass(frozen=True)
class GalleryRow:
    """All that a gallery knows of a picture. `vector`: float32 [embedding_size], little-endian bytes."""

    image_id: int
    label: str | None
    split: str | None
    root_id: int
    ingested_at: datetime
    sha256: str
    duplicate_group: int | None
    vector: bytes


@dataclass(frozen=True)
class Census:
    """How many pictures a gallery has, and the sum of their ids."""

    pictures: int
    sum_of_ids: int


def latest_change(session: Session, model_id: int) -> Change:
    """The latest change to a model's gallery, whatever pictures it has. On SQLite alone."""
    latest = [
        session.scalar(select(func.max(GalleryChange.number)).where(GalleryChange.model_id == whose)) or 0
        for whose in (OF_PICTURES, model_id)
    ]
    number = max(latest)
    return Change(number, token_of(session, number))


def token_of(session: Session, number: int) -> str:
    """The token of change `number`; empty where there is none, or its picture changed once more since. On
    SQLite alone."""
    return session.scalar(select(GalleryChange.token).where(GalleryChange.number == number)) or ""


def changed_since(session: Session, model_id: int, number: int) -> list[int]:
    """The ids of the pictures that changed in a model's gallery after change `number`. On SQLite alone."""
    query = select(GalleryChange.image_id).where(
        GalleryChange.number > number, GalleryChange.model_id.in_((OF_PICTURES, model_id))
    )
    return list(dict.fromkeys(session.scalars(query.order_by(GalleryChange.number))))


def read_rows(
    session: Session, model_id: int, task: str, image_ids: Sequence[int] | None = None
) -> Iterator[GalleryRow]:
    """A task's pictures with their embeddings under a model, as far as they are still what they were; all, or
    those among `image_ids`."""
    columns = select(
        Image.id,
        Image.label,
        Image.split,
        Image.root_id,
        Image.ingested_at,
        Embedding.sha256,
        Image.duplicate_group,
        Embedding.vector,
    )
    query = in_gallery(columns, model_id, task).execution_options(yield_per=READ_AT_ONCE)
    if image_ids is None:
        yield from (GalleryRow(*row) for row in session.execute(query))
        return
    for some in parts(image_ids):
        yield from (GalleryRow(*row) for row in session.execute(query.where(Image.id.in_(some))))


def census(session: Session, model_id: int, task: str) -> Census:
    """What there is to index."""
    query = in_gallery(select(func.count(), func.sum(Image.id)), model_id, task)
    pictures, ids = session.execute(query).one()
    return Census(pictures, int(ids or 0))


def present_vectors(
    session: Session, model_id: int, image_ids: Sequence[int]
) -> Iterator[tuple[int, str | None, str, bytes]]:
    """(Id, label, content hash, vector) of those among `image_ids` that are still in a model's gallery."""
    # Not by the session itself, which would look for entities in what are columns: that takes a third longer.
    connection = session.connection()
    for some in parts(image_ids):
        found = connection.execute(PRESENT, {"model_id": model_id, "image_ids": some})
        yield from ((image_id, label, sha256, vector) for image_id, label, sha256, vector in found)


def groups_with_content(session: Session, task: str, sha256: str) -> set[int | None]:
    """The duplicate groups of a task's pictures with this content, None among them where one is in none; of
    those too that a gallery does not have, as they are excluded, gone, or not embedded."""
    query = select(Image.duplicate_group).join(Root).where(Root.task == task, Image.sha256 == sha256)
    return set(session.scalars(query))


def root_ids(session: Session, name: str) -> Collection[int]:
    """The id of the root with this name, if there is one."""
    return set(session.scalars(select(Root.id).where(Root.name == name)))
