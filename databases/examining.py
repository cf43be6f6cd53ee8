"""Queries by which an installation is examined. Nothing here writes."""

from datetime import datetime

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from databases import library
from databases.library import LibraryImage
from databases.models import Embedding, Image, Prediction, Root


def damage(connection: Connection) -> str | None:
    """What is wrong with the tables and rows, where the database tells: PostgreSQL does not."""
    if connection.dialect.name != "sqlite":
        return None
    told = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if told != "ok":
        return str(told)
    stray = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    return None if stray is None else f"a row of {stray[0]} refers to what is not there"


def pgvector_version(connection: Connection) -> str | None:
    """Of PostgreSQL's extension, None where there is none."""
    found = connection.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")).scalar()
    return None if found is None else str(found)


def latest_moment(session: Session) -> datetime | None:
    """When the database was told something last, of what comes often."""
    moments = [
        session.scalar(select(column).order_by(column.desc()).limit(1))
        for column in (Prediction.created_at, Image.ingested_at)
    ]
    return max((moment for moment in moments if moment is not None), default=None)


def sample(session: Session, most: int) -> list[LibraryImage]:
    """At most so many usable pictures, drawn at random."""
    drawn = select(Image.id).where(Image.usable).order_by(func.random()).limit(most)
    return list(library.find_images(session, list(session.scalars(drawn))).values())


def a_picture(session: Session, root_id: int) -> LibraryImage | None:
    """Any usable picture of a root."""
    image_id = session.scalar(select(Image.id).where(Image.root_id == root_id, Image.usable).limit(1))
    return None if image_id is None else library.find_image(session, image_id)


def sent_bytes(session: Session) -> tuple[int, int]:
    """How many pictures people sent that are kept, and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(Image.bytes), 0)).join(Root)
    pictures, size = session.execute(query.where(Root.sent, Image.status == "ok")).one()
    return pictures, int(size)


def sent_names(session: Session) -> set[str]:
    """What the files of the pictures are called that people sent."""
    return set(session.scalars(select(Image.file_name).join(Root).where(Root.sent)))


def embedded(session: Session, model_id: int) -> int:
    """How many pictures have an embedding under a model."""
    return session.scalar(select(func.count()).where(Embedding.model_id == model_id)) or 0
