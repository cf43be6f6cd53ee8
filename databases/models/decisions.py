"""What people decided on pictures and labels."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Index,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from databases.models.base import Base, UTCDateTime, now


class Correction(Base):
    """What a person decided on a picture of a task, by content, so that it outlives moves and copies.

    Append-only: of those not undone, the last on the label holds, and the last on whether it is used.
    `made_by`: whose key it was, or what they called themselves; None on the command line.
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
    made_by: Mapped[str | None] = mapped_column(String(100))
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
    made_by: Mapped[str | None] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
