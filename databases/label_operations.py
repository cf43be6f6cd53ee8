"""A task's labels: renamed, merged and dropped. Append-only and undoable; what later ingests bring in is
changed likewise."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session

from databases import library
from databases.errors import BadLabel, NothingToUndo, UnknownLabel
from databases.labelling import apply_labelling, lock_labels, next_moment
from databases.models import LabelOperation, now

Kind = Literal["rename", "merge", "drop"]
LONGEST = 200  # characters of a label


@dataclass(frozen=True)
class Recorded:
    """An operation as it was written down, undone or not. `into` is None where the label was dropped."""

    id: int
    kind: Kind
    label: str
    into: str | None
    made_at: datetime
    undone_at: datetime | None


def rename(session: Session, task: str, label: str, into: str) -> list[Recorded]:
    """Gives a label another name.

    Raises:
        UnknownLabel: there is no such label.
        BadLabel: the new name is another label's, or none.
    """
    check_name(into)
    lock_labels(session, task)
    known = library.labels(session, task)
    check_known(task, [label], known)
    if into in known:
        raise BadLabel(
            f"task {task!r} has a label {into!r} already; to make one of both: "
            f"menagerie labels merge {label!r} --into {into!r}"
        )
    return _add(session, task, "rename", [label], into)


def merge(session: Session, task: str, labels: Iterable[str], into: str) -> list[Recorded]:
    """Makes one label of several; `into` may be one of them, or a new one.

    Raises:
        UnknownLabel: there is no such label, or none to merge but `into` itself.
        BadLabel: `into` names nothing.
    """
    check_name(into)
    lock_labels(session, task)
    merged = [label for label in dict.fromkeys(labels) if label != into]
    if not merged:
        raise UnknownLabel(f"there is nothing to merge into {into!r} but itself")
    check_known(task, merged, library.labels(session, task))
    return _add(session, task, "merge", merged, into)


def drop(session: Session, task: str, labels: Iterable[str]) -> list[Recorded]:
    """Takes labels out of a task: their pictures are excluded.

    Raises:
        UnknownLabel: there is no such label.
    """
    lock_labels(session, task)
    dropped = list(dict.fromkeys(labels))
    check_known(task, dropped, library.labels(session, task))
    return _add(session, task, "drop", dropped, None)


def undo(session: Session, task: str, operation_ids: Sequence[int]) -> list[Recorded]:
    """Takes operations back, as if they had never been made; those made after them stay. Returns them.

    Raises:
        NothingToUndo: one is unknown, or undone already.
    """
    lock_labels(session, task)
    standing = {one.id: one for one in listed(session, task) if one.undone_at is None}
    if missing := [one for one in operation_ids if one not in standing]:
        raise NothingToUndo(f"no operation {missing[0]} holds in task {task!r}; see: menagerie labels list")
    session.execute(
        update(LabelOperation).where(LabelOperation.id.in_(operation_ids)).values(undone_at=now())
    )
    apply_labelling(session, task)
    return [standing[one] for one in sorted(set(operation_ids))]


def listed(session: Session, task: str) -> list[Recorded]:
    """Every operation on a task's labels, those undone too, in their order."""
    query: Select[*tuple[Any, ...]] = select(
        LabelOperation.id,
        LabelOperation.kind,
        LabelOperation.label,
        LabelOperation.into,
        LabelOperation.made_at,
        LabelOperation.undone_at,
    ).where(LabelOperation.task == task)
    return [Recorded(*row) for row in session.execute(query.order_by(LabelOperation.id))]


def latest(session: Session, task: str) -> list[int]:
    """The ids of what was done last to a task's labels, all at one moment, and still holds."""
    standing = LabelOperation.task == task, LabelOperation.undone_at.is_(None)
    moment = select(func.max(LabelOperation.made_at)).where(*standing).scalar_subquery()
    query = select(LabelOperation.id).where(*standing, LabelOperation.made_at == moment)
    return list(session.scalars(query.order_by(LabelOperation.id)))


def check_known(
    task: str, labels: Iterable[str], known: Iterable[str], otherwise: str = "see: menagerie labels list"
) -> None:
    """Raises UnknownLabel, with the nearest label that there is, where a label is not among `known`."""
    there = sorted(known)
    for label in labels:
        if label not in there:
            near = difflib.get_close_matches(label, there, 1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            raise UnknownLabel(f"task {task!r} has no label {label!r}; {meant}{otherwise}")


def check_name(label: str) -> None:
    """Raises BadLabel where this cannot be the name of a label."""
    if not label.strip() or len(label) > LONGEST:
        raise BadLabel(f"{label!r} cannot name a label: use 1 to {LONGEST} characters")


def reads_as(label: str) -> str:
    """The same for labels that a person takes for one: "Cat", "cat" and "cat ", or an accent coded in two
    ways."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def check_alike(label: str, known: Iterable[str]) -> None:
    """Raises BadLabel where a label that is not among `known` reads like one of them."""
    there = set(known)
    alike = [one for one in sorted(there) if reads_as(one) == reads_as(label)]
    if alike and label not in there:
        raise BadLabel(f"the label {label!r} reads like {alike[0]!r}, which there is already: use that one")


def _add(session: Session, task: str, kind: Kind, labels: Sequence[str], into: str | None) -> list[Recorded]:
    made_at = next_moment(session, task)
    shared = {"task": task, "kind": kind, "into": into, "made_at": made_at}
    session.execute(insert(LabelOperation), [shared | {"label": label} for label in labels])
    apply_labelling(session, task)
    return [one for one in listed(session, task) if one.made_at == made_at]
