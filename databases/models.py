"""The tables. Pictures stay where they are; the database holds only where, and what is known of them."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    and_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from databases.halfvec import HalfVector

SPLITS = ("train", "val", "test")
STATUSES = ("ok", "invalid", "missing")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite keeps no zone of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Root(Base):
    """A named place that picture URIs are relative to, and the task whose pictures lie there."""

    __tablename__ = "roots"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    uri: Mapped[str]
    task: Mapped[str] = mapped_column(String(200), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Image(Base):
    """One file of a root. Width and height are in pixels, upright; the aspect ratio is width over height.

    `source_label` is what its folder or table says, `label` what holds after a task's corrections and
    operations on labels; an `excluded` picture is known but not used. `duplicate_group`: the lowest id among
    the task's pictures that show the same, where there are others. `compared`: by what it was compared with
    them last, None where it is new. Sharpness, brightness, contrast and saturation: None until
    somebody asks for them.
    """

    __tablename__ = "images"
    __table_args__ = (
        UniqueConstraint("root_id", "uri"),
        CheckConstraint("split IN ('train', 'val', 'test')", name="split"),
        CheckConstraint("status IN ('ok', 'invalid', 'missing')", name="status"),
        CheckConstraint("compared IN ('hash', 'embedding')", name="compared"),
        Index(None, "label", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    root_id: Mapped[int] = mapped_column(ForeignKey("roots.id"))
    uri: Mapped[str]
    file_name: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    modified_ns: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    aspect_ratio: Mapped[float | None]
    format: Mapped[str | None] = mapped_column(String(20))
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    perceptual_hash: Mapped[str | None] = mapped_column(String(64))
    sharpness: Mapped[float | None]
    brightness: Mapped[float | None]
    contrast: Mapped[float | None]
    saturation: Mapped[float | None]
    duplicate_group: Mapped[int | None] = mapped_column(index=True)
    compared: Mapped[str | None] = mapped_column(String(10))
    source_label: Mapped[str | None] = mapped_column(String(200))
    label: Mapped[str | None] = mapped_column(String(200))
    split: Mapped[str | None] = mapped_column(String(5))
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None]
    excluded: Mapped[bool] = mapped_column(default=False)
    ingested_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @hybrid_property
    def usable(self) -> bool:
        """Whether it decodes, is there, and nobody excluded it."""
        return self.status == "ok" and not self.excluded

    @usable.inplace.expression
    @classmethod
    def _usable(cls) -> ColumnElement[bool]:
        return and_(cls.status == "ok", cls.excluded.is_(False))


class Correction(Base):
    """What a person decided on a picture of a task, by content, so that it outlives moves and copies.

    Append-only: of those not undone, the last on the label holds, and the last on whether it is used.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        CheckConstraint("kind IN ('label', 'exclude', 'include')", name="kind"),
        Index(None, "task", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    label: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None]
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LabelOperation(Base):
    """A change to a label of a task: renamed or merged `into` another, or dropped. Append-only; those not
    undone hold, in their order."""

    __tablename__ = "label_operations"
    __table_args__ = (CheckConstraint("kind IN ('rename', 'merge', 'drop')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(String(200), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    label: Mapped[str] = mapped_column(String(200))
    into: Mapped[str | None] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


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
    """Append-only: the champion of a task is its latest promotion that was not rolled back."""

    __tablename__ = "promotions"

    id: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(String(200), index=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    promoted_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    rolled_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


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


class Prediction(Base):
    """What was asked and answered. The picture is known by its hash alone; its bytes are not kept."""

    __tablename__ = "predictions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    model_version: Mapped[str] = mapped_column(String(200), index=True)
    label: Mapped[str] = mapped_column(String(200))
    score: Mapped[float]
    verdict: Mapped[str] = mapped_column(String(20))
    latency_ms: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, index=True)


class Feedback(Base):
    """What a person said of a prediction. `label` is the right answer, where they gave it."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    prediction_id: Mapped[str] = mapped_column(ForeignKey("predictions.id", ondelete="CASCADE"), index=True)
    correct: Mapped[bool]
    label: Mapped[str | None] = mapped_column(String(200))
    comment: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ApiKey(Base):
    """A key to the service, by the SHA-256 of its token alone. `rate_limit`: requests a minute, None where
    the service's own holds. A revoked key stays, so that its name still tells whose it was."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("rate_limit >= 1", name="rate_limit"),
        Index(
            None,
            "name",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    rate_limit: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
