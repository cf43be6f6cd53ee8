"""Which label each picture of a task carries, and whether it is used: by its folder or table, what people
decided on it, and the task's operations on labels.

What people said of a picture comes before what its folder says. An operation changes the labels that there
were when it was made: the folders', and those that people gave before. A dropped label is none at all, and
its pictures are excluded, unless somebody included them.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Update, case, func, or_, select, update
from sqlalchemy.orm import Session

from databases.models import Correction, Image, LabelOperation, Root, now

T = TypeVar("T")
# Of one statement; older SQLite takes 32,766 parameters, and a label is several.
CONTENTS, LABELS = 5000, 500


@dataclass(frozen=True)
class Decision:
    """What people decided on a picture, None where they did not. `reason` is that of the latest decision."""

    label: str | None = None
    labelled_at: datetime | None = None
    excluded: bool | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Operation:
    """A label that became another one, or none."""

    label: str
    into: str | None
    made_at: datetime


@dataclass(frozen=True)
class Standing:
    """What holds of a picture."""

    label: str | None
    excluded: bool


@dataclass(frozen=True)
class Labelling:
    """What was decided for a task and not undone: operations in their order, decisions by content hash."""

    operations: tuple[Operation, ...] = ()
    decisions: Mapping[str, Decision] = field(default_factory=dict)

    def of(self, source_label: str | None, sha256: str | None = None) -> Standing:
        """What holds of a picture whose folder or table says `source_label`."""
        decision = self.decisions.get(sha256 or "", Decision())
        label, since = decision.label or source_label, decision.labelled_at
        dropped = False
        for operation in self.operations:
            if operation.label == label and (since is None or operation.made_at > since):
                label, dropped = operation.into, operation.into is None
        return Standing(label, dropped if decision.excluded is None else decision.excluded)


def read_labelling(session: Session, task: str, contents: Collection[str] | None = None) -> Labelling:
    """What was decided for a task and not undone; on pictures with these content hashes alone, or on all."""
    operations = session.execute(
        select(LabelOperation.label, LabelOperation.into, LabelOperation.made_at)
        .where(LabelOperation.task == task, LabelOperation.undone_at.is_(None))
        .order_by(LabelOperation.id)
    )
    decisions: dict[str, Decision] = {}
    for sha256, kind, label, made_at, reason in _corrections(session, task, contents):
        before = decisions.get(sha256, Decision())
        if kind == "label":
            decisions[sha256] = replace(before, label=label, labelled_at=made_at, reason=reason)
        else:
            decisions[sha256] = replace(before, excluded=kind == "exclude", reason=reason)
    return Labelling(tuple(Operation(*row) for row in operations), decisions)


def called_now(session: Session, task: str, label: str, since: datetime) -> str:
    """What is called now what `label` was called then; the same where it was dropped."""
    operations = read_labelling(session, task, ()).operations
    said_then = Labelling(operations, {"": Decision(label, since)})
    return said_then.of(None).label or label


def apply_labelling(session: Session, task: str) -> None:
    """Writes the label that holds of every picture of a task, and whether it is excluded.

    Whatever decides on either ends with this, in the same transaction. Files that are missing or damaged are
    labelled too, for when they come back; rows that are right already are not written.
    """
    lock_labels(session, task)
    labelling = read_labelling(session, task)
    rows = list(_standings(session, task, labelling, labelling.decisions))
    if rows:
        session.execute(update(Image), rows)
    for statement in list(_others(session, task, labelling)):
        session.execute(statement, execution_options={"synchronize_session": False})


def apply_decisions(session: Session, task: str, contents: Collection[str]) -> None:
    """As `apply_labelling`, where all that changed is what people decided on pictures with these content
    hashes: however large the library, the others are not looked at."""
    lock_labels(session, task)
    labelling = read_labelling(session, task, contents)
    rows = list(_standings(session, task, labelling, contents))
    if rows:
        session.execute(update(Image), rows)


def lock_labels(session: Session, task: str) -> None:
    """Until this transaction ends nobody else decides on the task's labels."""
    # Changes nothing: PostgreSQL locks the task's roots with it, SQLite all of the database.
    session.execute(update(Root).where(Root.task == task).values(task=Root.task))


def next_moment(session: Session, task: str) -> datetime:
    """Now, or else just after all that was decided for the task before, whatever the clock did since."""
    latest = [
        session.scalar(select(func.max(table.made_at)).where(table.task == task))
        for table in (Correction, LabelOperation)
    ]
    return max([now(), *(at + timedelta(microseconds=1) for at in latest if at is not None)])


def _corrections(session: Session, task: str, contents: Collection[str] | None) -> Iterator[tuple[Any, ...]]:
    query = (
        select(Correction.sha256, Correction.kind, Correction.label, Correction.made_at, Correction.reason)
        .where(Correction.task == task, Correction.undone_at.is_(None))
        .order_by(Correction.id)
    )
    if contents is None:
        yield from session.execute(query)
        return
    for chunk in _chunks(contents, CONTENTS):
        yield from session.execute(query.where(Correction.sha256.in_(chunk)))


def _standings(
    session: Session, task: str, labelling: Labelling, contents: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """New values for the pictures with these content hashes."""
    columns = select(Image.id, Image.source_label, Image.sha256, Image.label, Image.excluded)
    # The root is no way in: for 30 pictures SQLite would look through the whole library by it.
    query = columns.where((Image.root_id + 0).in_(select(Root.id).where(Root.task == task)))
    # By name: of a subquery here PostgreSQL thinks that it finds one row, and looks through it 100,000 times.
    for chunk in _chunks(contents, CONTENTS):
        for image_id, source, sha256, *before in session.execute(query.where(Image.sha256.in_(chunk))):
            standing = labelling.of(source, sha256)
            if before != [standing.label, standing.excluded]:
                yield {"id": image_id} | _values(standing.label, standing.excluded)


def _others(session: Session, task: str, labelling: Labelling) -> Iterator[Update]:
    """Updates of the pictures that nobody decided on, many labels at a time."""
    decided = select(Correction.sha256).where(Correction.task == task, Correction.undone_at.is_(None))
    others = (_of(task), or_(Image.sha256.is_(None), Image.sha256.not_in(decided)))
    found = session.execute(select(Image.source_label, Image.label, Image.excluded).where(*others).distinct())
    carried: dict[str | None, str | None] = {}
    dropped = []
    for source, label, excluded in found:
        standing = labelling.of(source)
        if standing == Standing(label, excluded):
            continue
        if standing.excluded:
            dropped.append(source)
        else:
            carried[source] = standing.label
    for chunk in _chunks(carried, LABELS):
        these = or_(Image.source_label.is_(None), Image.source_label.in_(chunk))
        becomes = _renamed({source: carried[source] for source in chunk if carried[source] != source})
        yield update(Image).where(*others, these, _differs(becomes, False)).values(_values(becomes, False))
    for chunk in _chunks(dropped, LABELS):
        these = Image.source_label.in_(chunk)
        yield update(Image).where(*others, these, _differs(None, True)).values(_values(None, True))


def _renamed(into: Mapping[str | None, str | None]) -> Any:
    """The label that a source label becomes: itself, unless `into` has another."""
    return case(into, value=Image.source_label, else_=Image.source_label) if into else Image.source_label


def _of(task: str) -> ColumnElement[bool]:
    return Image.root_id.in_(select(Root.id).where(Root.task == task))


def _chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(things)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def _differs(label: Any, excluded: bool) -> ColumnElement[bool]:
    return or_(Image.label.is_distinct_from(label), Image.excluded.is_not(excluded))


def _values(label: Any, excluded: bool) -> dict[str, Any]:
    # The time tells whoever holds a gallery in memory that it is another one.
    return {"label": label, "excluded": excluded, "ingested_at": now()}
