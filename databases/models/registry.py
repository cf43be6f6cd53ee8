"""What was trained, on what, and what serves."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from databases.models.base import Base, UTCDateTime, now


class DatasetVersion(Base):
    """What a model was trained on. `members`: zlib-compressed sorted lines of content hash, label and split,
    whose SHA-256 is the fingerprint."""

    __tablename__ = "dataset_versions"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    task: Mapped[str] = mapped_column(String(200), index=True)
    pictures: Mapped[int]
    members: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Model(Base):
    """The registry: one row a bundle. Its state follows from the promotions, so they always agree."""

    __tablename__ = "models"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(200), unique=True)
    task: Mapped[str] = mapped_column(String(200), index=True)
    architecture: Mapped[str] = mapped_column(String(200))
    bundle_uri: Mapped[str]
    labels: Mapped[list[str]] = mapped_column(JSON)
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    dataset_fingerprint: Mapped[str | None] = mapped_column(String(64))
    embedder: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Promotion(Base):
    """Append-only: the champion of a task is its latest promotion that was not rolled back.

    `made_by`, `rolled_back_by`: whose key it was, or what they called themselves; None on the command line.
    """

    __tablename__ = "promotions"

    id: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(String(200), index=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    made_by: Mapped[str | None] = mapped_column(String(100))
    promoted_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    rolled_back_by: Mapped[str | None] = mapped_column(String(100))
    rolled_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
