"""Pictures, and where they lie."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from databases.models.base import Base, UTCDateTime, now

SPLITS = ("train", "val", "test")
STATUSES = ("ok", "invalid", "missing")


class Root(Base):
    """A named place that picture URIs are relative to, and the task whose pictures lie there. `sent`: the
    service made it, for what people send and let it keep; of a task one at most."""

    __tablename__ = "roots"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    uri: Mapped[str]
    task: Mapped[str] = mapped_column(String(200), index=True)
    sent: Mapped[bool] = mapped_column(default=False)
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
        Index(None, "root_id", "status", "excluded", "label", "split", "id"),
        {"sqlite_autoincrement": True},  # no id is given twice: pages and caches know pictures by them
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
