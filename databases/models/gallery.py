"""Embeddings, and what searches them."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from databases.halfvec import HalfVector
from databases.models.base import Base


class Embedding(Base):
    """A picture's embedding under one model: float32, little-endian, of Euclidean length 1."""

    __tablename__ = "embeddings"

    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(
        ForeignKey("models.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    sha256: Mapped[str] = mapped_column(String(64))
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class GalleryChange(Base):
    """On SQLite alone, written by triggers: the last change to a picture's embedding under a model, or with
    0 for the model, to what else a gallery knows of the picture. A higher number is a later change; the
    token is random."""

    __tablename__ = "gallery_changes"
    __table_args__ = (
        Index(None, "number", unique=True),
        Index(None, "model_id", "number"),
        {"info": {"dialect": "sqlite"}},
    )

    model_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    image_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    token: Mapped[str] = mapped_column(String(16))


class GalleryVector(Base):
    """On PostgreSQL alone: an embedding in half precision, by which pgvector finds what may be near. What is
    near the embedding itself tells."""

    __tablename__ = "gallery_vectors"
    __table_args__ = (
        ForeignKeyConstraint(
            ["image_id", "model_id"], ["embeddings.image_id", "embeddings.model_id"], ondelete="CASCADE"
        ),
        {"info": {"dialect": "postgresql"}},
    )

    model_id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    vector: Mapped[NDArray[np.float32]] = mapped_column(HalfVector())


class GalleryWrites(Base):
    """On PostgreSQL alone, written by triggers: how many transactions wrote something that a gallery knows,
    and the last of them. Whoever sees the same sum sees the same galleries."""

    __tablename__ = "gallery_writes"
    __table_args__ = ({"info": {"dialect": "postgresql"}},)

    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    writes: Mapped[int] = mapped_column(BigInteger)
    writer: Mapped[int] = mapped_column(BigInteger)
