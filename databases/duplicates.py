"""Queries on which pictures of a task show the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import String, func, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from databases.models import Image, Root
from databases.parts import parts

BULK = {"synchronize_session": False}
Compared = Literal["hash", "embedding"]


@dataclass(frozen=True)
class Comparable:
    """What is known of a sound picture that tells whether it shows the same as another."""

    id: int
    sha256: str
    perceptual_hash: str | None
    group: int | None
    compared: Compared | None


@dataclass(frozen=True)
class Redundant:
    """How many usable pictures could be spared: `copies` are exact, `look_alikes` show the same otherwise."""

    copies: int
    look_alikes: int


def comparable(session: Session, task: str) -> list[Comparable]:
    """The sound pictures of a task, by id; those that are excluded or gone too, since they may come back."""
    rows = session.execute(
        select(Image.id, Image.sha256, Image.perceptual_hash, Image.duplicate_group, Image.compared)
        .join(Root)
        .where(Root.task == task, Image.status.in_(("ok", "missing")), Image.sha256.is_not(None))
        .order_by(Image.id)
    )
    return [Comparable(*cast("Any", row)) for row in rows]


def uncompared(session: Session, task: str) -> set[int]:
    """The sound pictures of a task that were not compared with the others yet, by id."""
    query = (
        select(Image.id).join(Root).where(Root.task == task, Image.status == "ok", Image.compared.is_(None))
    )
    return set(session.scalars(query))


def count_by_hash_alone(session: Session, task: str) -> int:
    """How many usable pictures of a task were compared with the others by their hashes at most."""
    closer = func.coalesce(Image.compared, "") == "embedding"
    query = select(func.count()).select_from(Image).join(Root)
    return session.scalar(query.where(Root.task == task, Image.usable, ~closer)) or 0


def write_groups(session: Session, groups: Mapping[int, int | None]) -> None:
    """Writes which group each of these pictures is in, by id."""
    if groups:
        rows = [{"id": image_id, "duplicate_group": group} for image_id, group in groups.items()]
        session.execute(update(Image), rows)


def mark_compared(session: Session, by: Compared, image_ids: Sequence[int]) -> None:
    """Writes by what these pictures were compared with the others of their task."""
    for some in parts(image_ids):
        session.execute(update(Image).where(Image.id.in_(some)).values(compared=by), execution_options=BULK)


def showing_the_same(session: Session, contents: frozenset[str]) -> frozenset[str]:
    """`contents`, which are SHA-256 of files, with those of all pictures that were found to show the same by
    now; excluded and missing ones, too."""
    grouped = session.execute(
        select(Image.sha256, Image.duplicate_group).where(
            Image.sha256.is_not(None), Image.duplicate_group.is_not(None)
        )
    ).all()
    groups = {group for sha256, group in grouped if sha256 in contents}
    return contents | {str(sha256) for sha256, group in grouped if group in groups}


def count_redundant(session: Session, root_id: int) -> Redundant:
    """How many usable pictures of a root show what another of the root shows."""
    shown = func.coalesce(Image.duplicate_group, Image.id)
    pictures, contents, different = session.execute(
        select(func.count(), func.count(Image.sha256.distinct()), func.count(shown.distinct())).where(
            Image.root_id == root_id, Image.usable
        )
    ).one()
    return Redundant(pictures - contents, contents - different)


def count_parted(session: Session, task: str) -> int:
    """How many things several usable, labelled pictures of a task show that lie in different splits."""
    # Copies may have no group; a picture in a group has the group's.
    shown = func.coalesce(cast_to(Image.duplicate_group, String), Image.sha256)
    parted = (
        select(shown)
        .join(Root)
        .where(Root.task == task, Image.usable, Image.label.is_not(None), Image.split.is_not(None))
        .group_by(shown)
        .having(func.count(Image.split.distinct()) > 1)
    )
    return session.scalar(select(func.count()).select_from(parted.subquery())) or 0
