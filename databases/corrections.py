"""What people decided on pictures: their label, and whether they are used. By content, so that it outlives
moves, copies and the next ingest; append-only, and undoable."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.orm import Session

from databases.errors import NothingToUndo
from databases.labelling import Decision, apply_decisions, lock_labels, next_moment, read_labelling
from databases.models import Correction, now
from databases.parts import parts

Kind = Literal["label", "exclude", "include"]


@dataclass(frozen=True)
class Recorded:
    """A decision as it was written down, undone or not. `label` where that was decided; `made_by`: see
    `Correction`."""

    id: int
    sha256: str
    kind: Kind
    label: str | None
    reason: str | None
    made_by: str | None
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
    made_by: str | None = None,
) -> list[int]:
    """Decides on pictures of a task by their content hashes, all at one moment; the ids of the decisions.

    Raises:
        ValueError: a label was given to what is none, or none to what is one.
    """
    if (kind == "label") != bool(label):
        raise ValueError(f"a decision of kind {kind!r} with label {label!r}")
    lock_labels(session, task)
    made_at = next_moment(session, task)
    shared = {"task": task, "kind": kind, "label": label, "reason": reason, "made_by": made_by}
    contents = dict.fromkeys(sha256s)
    if not contents:
        return []
    rows = [shared | {"made_at": made_at, "sha256": sha256} for sha256 in contents]
    ids = list(session.scalars(insert(Correction).returning(Correction.id), rows))
    apply_decisions(session, task, contents)
    return sorted(ids)


def undo(session: Session, correction_ids: Sequence[int], task: str | None = None) -> int:
    """Takes decisions back, of `task` or of any; what was decided before them holds again. Returns how many.

    Raises:
        NothingToUndo: one is unknown, or undone already.
    """
    changed: defaultdict[str, set[str]] = defaultdict(set)
    wanted = sorted(set(correction_ids))
    if task is not None:
        lock_labels(session, task)  # of two who undo the same, the later one sees that it is done
    for some in parts(wanted):
        standing = Correction.id.in_(some), Correction.undone_at.is_(None), *_of(task)
        rows = session.execute(
            select(Correction.id, Correction.task, Correction.sha256).where(*standing)
        ).all()
        found = {row.id for row in rows}
        if missing := [one for one in some if one not in found]:
            raise NothingToUndo(f"no decision {missing[0]} holds; see: menagerie pictures decisions")
        session.execute(update(Correction).where(*standing).values(undone_at=now()))
        for row in rows:
            changed[row.task].add(row.sha256)
    for name in sorted(changed):
        apply_decisions(session, name, changed[name])
    return len(wanted)


def effective(session: Session, task: str) -> Mapping[str, Decision]:
    """What holds of a task's pictures by content hash, of those that were decided on."""
    return read_labelling(session, task).decisions


def listed(session: Session, task: str) -> list[Recorded]:
    """Every decision for a task, those undone too, newest first."""
    return [Recorded(*row) for row in session.execute(_newest_first(task))]


def page(session: Session, task: str, before: int | None, limit: int) -> list[Recorded]:
    """At most `limit` decisions for a task with an id below `before`, those undone too, newest first."""
    query = _newest_first(task)
    if before is not None:
        query = query.where(Correction.id < before)
    return [Recorded(*row) for row in session.execute(query.limit(limit))]


def last_id(session: Session, task: str) -> int:
    """Of the newest decision for a task, undone or not: ids grow as decisions are made. 0: there is none."""
    return session.scalar(select(func.max(Correction.id)).where(Correction.task == task)) or 0


def made_since(session: Session, task: str, decision_id: int, sha256s: Iterable[str]) -> dict[str, Recorded]:
    """The newest decision that holds and was made after that one, for each of these content hashes that has
    any."""
    found: dict[str, Recorded] = {}
    for some in parts(list(sha256s)):
        those = Correction.id > decision_id, Correction.undone_at.is_(None), Correction.sha256.in_(some)
        for row in session.execute(_newest_first(task).where(*those)):
            found.setdefault(row.sha256, Recorded(*row))
    return found


def latest(session: Session, task: str) -> list[int]:
    """The ids of what was decided last for a task, all at one moment, and still holds."""
    standing = Correction.task == task, Correction.undone_at.is_(None)
    moment = select(func.max(Correction.made_at)).where(*standing).scalar_subquery()
    query = select(Correction.id).where(*standing, Correction.made_at == moment)
    return list(session.scalars(query.order_by(Correction.id)))


def _of(task: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if task is None else (Correction.task == task,)


def _newest_first(task: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Correction.id,
            Correction.sha256,
            Correction.kind,
            Correction.label,
            Correction.reason,
            Correction.made_by,
            Correction.made_at,
            Correction.undone_at,
        )
        .where(Correction.task == task)
        .order_by(Correction.id.desc())
    )
