"""Queries on the embeddings: one vector a picture and model, tied to the picture's content."""

from collections.abc import Mapping, Sequence
from typing import TypeVarTuple

from sqlalchemy import Select, delete, exists, insert, select
from sqlalchemy.orm import Session, aliased

from databases import library
from databases.errors import BadEmbedding
from databases.halfvec import copy_vectors
from databases.models import Embedding, Image, Model, Root
from databases.parts import parts
from databases.soundness import is_sound

Columns = TypeVarTuple("Columns")


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


def is_embedded(session: Session, model_id: int, image_id: int) -> bool:
    """Whether a picture has an embedding of its present content under a model, be it one that cannot be
    searched."""
    query = (
        select(Image.id)
        .join(Embedding, (Embedding.image_id == Image.id) & (Embedding.sha256 == Image.sha256))
        .where(Image.id == image_id, Embedding.model_id == model_id)
    )
    return session.scalar(query) is not None


def put_embeddings(session: Session, model_id: int, vectors: Mapping[int, tuple[str, bytes]]) -> None:
    """Writes (content hash, vector) by image id, in place of what was there; of pictures that were deleted
    meanwhile, none.

    Raises:
        BadEmbedding: one is not finite, or of a length that is neither 1 nor 0.
    """
    if not vectors:
        return
    for image_id, (_, vector) in vectors.items():
        if not is_sound(vector):
            raise _bad(session, model_id, image_id)
    session.execute(
        delete(Embedding).where(Embedding.model_id == model_id, Embedding.image_id.in_(list(vectors)))
    )
    there = library.still_there(session, list(vectors))
    kept = {image_id: vector for image_id, vector in vectors.items() if image_id in there}
    rows = [
        {"image_id": image_id, "model_id": model_id, "sha256": sha256, "vector": vector}
        for image_id, (sha256, vector) in kept.items()
    ]
    if rows:
        session.execute(insert(Embedding), rows)
        if session.get_bind().dialect.name == "postgresql":  # what was there went with the embeddings
            copy_vectors(session.connection(), model_id, kept)


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
    found = {image_id: (sha256, vector) for image_id, sha256, vector in rows if is_sound(vector)}
    put_embeddings(session, model_id, found)
    return set(found)


def _bad(session: Session, model_id: int, image_id: int) -> BadEmbedding:
    version = session.scalar(select(Model.version).where(Model.id == model_id))
    uri = session.scalar(select(Image.uri).where(Image.id == image_id))
    return BadEmbedding(
        f"the embedding of picture {image_id} ({uri}) under {version} is not of finite numbers, of length 1"
    )


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


def in_gallery(query: Select[*Columns], model_id: int, task: str) -> Select[*Columns]:
    """Of a query's rows those of a task's usable pictures that are still what was embedded under a model."""
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
