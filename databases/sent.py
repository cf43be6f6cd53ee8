"""Queries on pictures that people sent and let the service keep, to be found by who sent them, and forgotten.

A picture's file tells nothing of its sender; the report that it came with does: the key's name, or what they
called themselves. Whoever reported on the very picture had it, so it counts as theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session

from databases.labelling import lock_labels
from databases.models import Embedding, Feedback, Image, Root
from databases.parts import parts
from databases.places import Place, place_of


@dataclass(frozen=True)
class Which:
    """Which pictures are meant: those that fit all that is said. `by`: a name; `before`: when they came."""

    by: str | None = None
    before: datetime | None = None
    prediction_id: str | None = None


@dataclass(frozen=True)
class SentPicture:
    """`by`: the names in the reports on it, by name; some may have none."""

    id: int
    task: str
    place: Place
    sha256: str
    bytes: int
    label: str | None
    came_at: datetime
    by: tuple[str, ...]


@dataclass(frozen=True)
class Forgotten:
    """How many rows were deleted."""

    pictures: int
    embeddings: int
    reports: int


def find(session: Session, which: Which) -> list[SentPicture]:
    """The pictures that people sent, the oldest first."""
    query = (
        select(Image, Root.task, Root.uri)
        .join(Root)
        .where(Root.sent, Image.status == "ok", *_conditions(which))
    )
    found = session.execute(query.order_by(Image.id)).all()
    names = _names(session, [image.id for image, _, _ in found])
    return [
        SentPicture(
            id=image.id,
            task=task,
            place=place_of(uri, image.uri, image.sha256 or "", image.format or ""),
            sha256=image.sha256 or "",
            bytes=image.bytes,
            label=image.label,
            came_at=image.ingested_at,
            by=tuple(sorted(names.get(image.id, ()))),
        )
        for image, task, uri in found
    ]


def count_words(session: Session, by: str) -> int:
    """How many reports somebody made, with or without a picture."""
    return session.scalar(select(func.count()).where(Feedback.made_by == by)) or 0


def forget(session: Session, pictures: Sequence[SentPicture], by: str | None, *, words: bool) -> Forgotten:
    """Deletes the pictures' rows and all that hangs on them, and the reports on them: `by` somebody alone, or
    all. `words`: all of that person's reports, those without a picture too.

    SQLite overwrites what is deleted, so that it is not in the file's free space either.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
    for task in sorted({picture.task for picture in pictures}):
        lock_labels(session, task)
    ids = [picture.id for picture in pictures]
    embeddings = reports = 0
    for some in parts(ids):
        counted = select(func.count()).where(Embedding.image_id.in_(some))
        embeddings += session.scalar(counted) or 0
        reports += _delete_reports(session, Feedback.image_id.in_(some), by)
        session.execute(delete(Image).where(Image.id.in_(some)))
    if words and by is not None:
        reports += _delete_reports(session, Feedback.made_by == by, by)
    return Forgotten(len(ids), embeddings, reports)


def _delete_reports(session: Session, which: ColumnElement[bool], by: str | None) -> int:
    query = delete(Feedback).where(which).returning(Feedback.id)
    if by is not None:
        query = query.where(Feedback.made_by == by)
    return len(session.scalars(query).all())


def _conditions(which: Which) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.before is not None:
        conditions.append(Image.ingested_at < which.before)
    said = []
    if which.by is not None:
        said.append(Feedback.made_by == which.by)
    if which.prediction_id is not None:
        said.append(Feedback.prediction_id == which.prediction_id)
    if said:
        conditions.append(exists().where(Feedback.image_id == Image.id, *said))
    return conditions


def _names(session: Session, image_ids: Sequence[int]) -> dict[int, set[str]]:
    names: dict[int, set[str]] = {}
    for some in parts(image_ids):
        rows = session.execute(
            select(Feedback.image_id, Feedback.made_by).where(
                Feedback.image_id.in_(some), Feedback.made_by.is_not(None)
            )
        )
        for image_id, name in rows:
            if image_id is not None and name is not None:
                names.setdefault(image_id, set()).add(name)
    return names
