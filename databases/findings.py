"""What `menagerie check` found: which of a task's pictures people should look at, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from databases import kept
from databases.models import Correction, Finding, Image, Root, now
from databases.parts import parts

Kind = Literal[
    "suspect",
    "not_an_animal",
    "outlier",
    "two_labels",
    "blurry",
    "dark",
    "bright",
    "blank",
    "tiny",
    "odd_shape",
    "grayscale",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Found no more of a picture once somebody said what it shows.
OF_LABELS: frozenset[Kind] = frozenset({"suspect", "two_labels", "not_an_animal"})


@dataclass(frozen=True)
class Ranked:
    """A finding on a picture. `rank` counts from 0 for the worst of its kind; `better`: a label that fits
    better than its own, where there is one."""

    image_id: int
    kind: Kind
    rank: int
    better: str | None


def replace(session: Session, task: str, found: Iterable[Ranked]) -> None:
    """Writes what was found in a task's pictures, in place of all that was found in them before."""
    of_task = select(Image.id).join(Root).where(Root.task == task)
    session.execute(
        delete(Finding).where(Finding.image_id.in_(of_task)),
        execution_options={"synchronize_session": False},
    )
    rows = [vars(one) | {"found_at": now()} for one in found]
    if rows:
        session.execute(insert(Finding), rows)


def forget(session: Session, image_ids: Sequence[int]) -> None:
    """Drops what was found of pictures that are others now."""
    for some in parts(image_ids):
        session.execute(
            delete(Finding).where(Finding.image_id.in_(some)),
            execution_options={"synchronize_session": False},
        )


def of_image(session: Session, image_id: int) -> list[Ranked]:
    """What stands of a usable picture, by kind in the order of `KINDS`."""
    rows = session.execute(
        select(Finding.kind, Finding.rank, Finding.better)
        .join(Image, Image.id == Finding.image_id)
        .join(Root)
        .where(Finding.image_id == image_id, Image.usable, stands())
    )
    found = {kind: (rank, better) for kind, rank, better in rows}
    return [Ranked(image_id, kind, *found[kind]) for kind in KINDS if kind in found]


def counts(
    session: Session, task: str, *, sent: bool = True, among: Iterable[ColumnElement[bool]] = ()
) -> dict[Kind, int]:
    """How many of a task's usable pictures each kind stands of, in the order of `KINDS`; kinds of none are
    left out. `sent`: see `kept.seen`; `among`: what else has to be true of an `Image` and its `Root`."""
    rows = session.execute(
        select(Finding.kind, func.count())
        # The id of the root is no way in: by it SQLite would look through the whole library.
        .join(Image, Image.id == Finding.image_id)
        .join(Root, Root.id == Image.root_id + 0)
        .where(Root.task == task, Image.usable, stands(), kept.seen(session, task, sent=sent), *among)
        .group_by(Finding.kind)
    )
    found = dict(rows.all())
    return {kind: found[kind] for kind in KINDS if kind in found}


def stands() -> ColumnElement[bool]:
    """Of a finding on a usable picture, in a query that joins `Image` and `Root`: nobody decided otherwise.

    A usable picture on whose use somebody decided is one that they included, whatever is found of it.
    """
    answered = or_(
        Correction.kind.in_(("include", "exclude")),
        and_(Correction.kind == "label", Finding.kind.in_(sorted(OF_LABELS))),
    )
    return ~exists().where(
        Correction.task == Root.task,
        Correction.sha256 == Image.sha256,
        Correction.undone_at.is_(None),
        answered,
    )
