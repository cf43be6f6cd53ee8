"""What was asked of the service, what people said of that, and who may ask."""

from datetime import datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from databases.models.base import Base, UTCDateTime, now


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
    """What a person said of a prediction. `label` is the right answer, where they gave it; `image_id`: the
    picture, where they let the library keep it."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    prediction_id: Mapped[str] = mapped_column(ForeignKey("predictions.id", ondelete="CASCADE"), index=True)
    correct: Mapped[bool]
    label: Mapped[str | None] = mapped_column(String(200))
    comment: Mapped[str | None]
    image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id", ondelete="SET NULL"), index=True)
    made_by: Mapped[str | None] = mapped_column(String(100))
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
