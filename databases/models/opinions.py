"""What machines think of the library's pictures: never a label, but what people should look at."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from databases.models.base import Base, UTCDateTime, now


class Finding(Base):
    """Something that may be wrong with a picture, as `menagerie check` found it last. `rank` counts from 0
    for the worst of its kind; `better` is a label that fits better than its own, where there is one."""

    __tablename__ = "findings"
    __table_args__ = (Index(None, "kind", "rank"),)

    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    rank: Mapped[int]
    better: Mapped[str | None] = mapped_column(String(200))
    found_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Answer(Base):
    """What a model answers to a picture of the library. `score`: the probability of `label`, `margin`: by how
    much it exceeds that of the second likeliest. `agreement`: the share of the nearest labelled pictures that
    carry `label`, None where there are none or nobody asked; of the `near_asked` that there are, most carry
    `near_label`: `near_count` of them. `sha256`: of what the model saw."""

    __tablename__ = "answers"
    __table_args__ = (Index(None, "model_id", "image_id"),)

    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(200))
    score: Mapped[float]
    margin: Mapped[float | None]
    verdict: Mapped[str] = mapped_column(String(20))
    agreement: Mapped[float | None]
    near_label: Mapped[str | None] = mapped_column(String(200))
    near_count: Mapped[int | None]
    near_asked: Mapped[int | None]
    answered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
