"""What people decided on pictures: their label, and whether they are used. By content, so that it outlives
moves, copies and the next ingest; append-only, and undoable."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session

from databases.errors import NothingToUndo
from databases.labelling import Decision, apply_labelling, lock_labels, next_moment, read_labelling
from databases.models import Correction, now
from databases.parts import parts

Kind = Literal["label", "exclude", "include"]


@dataclass(frozen=True)
class Recorded:
    """A decision as it was written down, undone or not. `label` where that was decided."""

    id: int
    sha256: str
    kind: Kind
    label: str | None
    reason: str | None
    made_at: datetime
    undone_at: datetime | None


def add(
    session: Session,
    task: str,
    sha256s: Iterable[str],
    kind: Kind,
    *,
    label: str | None = None,
    reason: str | None = None,
) -> int:
    """Decides on pictures of a task by their content hashes, all at one moment; returns how many.

    Raises:
        ValueError: a label was given to what is none, or none to what is one.
    """
    if (kind == "label") != bool(label):
        raise ValueError(f"a decision of kind {kind!r} with label {label!r}")
    lock_labels(session, task)
    made_at = next_moment(session, task)
    shared = {"task": task, "kind": kind, "label": label, "reason": reason, "made_at": made_at}
    rows = [shared | {"sha256": sha256} for sha256 in dict.fromkeys(sha256s)]
    if rows:
        session.execute(insert(Correction), rows)
        apply_labelling(session, task)
    return len(rows)


def undo(session: Session, correction_ids: Sequence[int]) -> int:
    """Takes decisions back; what was decided before them holds again. Returns how many.

    Raises:
        NothingToUndo: one is unknown, or undone already.
    """
    tasks: set[str] = set()
    wanted = sorted(set(correction_ids))
    for some in parts(wanted):
        standing = Correction.id.in_(some), Correction.undone_at.is_(None)
        found = dict(session.execute(select(Correction.id, Correction.task).where(*standing)).all())
        if missing := [one for one in some if one not in found]:
            raise NothingToUndo(f"no decision {missing[0]} holds; see: menagerie pictures decisions")
        session.execute(update(Correction).where(*standing).values(undone_at=now()))
        tasks.update(found.values())
    for task in sorted(tasks):
        apply_labelling(session, task)
    return len(wanted)


def effective(session: Session, task: str) -> Mapping[str, Decision]:
    """What holds of a task's pictures by content hash, of those that were decided on."""
    return read_labelling(session, task).decisions


def listed(session: Session, task: str) -> list[Recorded]:
    """Every decision for a task, those undone too, newest first."""
    query: Select[*tuple[Any, ...]] = select(
        Correction.id,
        Correction.sha256,
        Correction.kind,
        Correction.label,
        Correction.reason,
        Correction.made_at,
        Correction.undone_at,
    ).where(Correction.task == task)
    return [Recorded(*row) for row in session.execute(query.order_by(Correction.id.desc()))]


def latest(session: Session, task: str) -> list[int]:
    """The ids of what was decided last for a task, all at one moment, and still holds."""
    standing = Correction.task == task, Correction.undone_at.is_(None)
    moment = select(func.max(Correction.made_at)).where(*standing).scalar_subquery()
    query = select(Correction.id).where(*standing, Correction.made_at == moment)
    return list(session.scalars(query.order_by(Correction.id)))
