"""Queries for those who look through a library: its pictures a page at a time, and how many there are of
what. With 100,000 pictures each takes some hundredths of a second: counts are read from one index alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, case, func, select
from sqlalchemy.orm import Session

from databases import findings, library
from databases.library import LibraryImage, Split
from databases.models import Finding, Image, Root

Columns = TypeVarTuple("Columns")
AHEAD_OF_ALL, BEHIND_ALL = -1, 2**31 - 1


@dataclass(frozen=True)
class Filters:
    """Which of a task's pictures: the usable ones, or the `excluded` ones. None where any will do; `source`:
    the name of a root; `finding`: what stands of them."""

    task: str
    label: str | None = None
    unlabelled: bool = False
    split: Split | None = None
    source: str | None = None
    finding: findings.Kind | None = None
    excluded: bool = False


@dataclass(frozen=True)
class Counted:
    """How many pictures pass the filters, and how many of them are ahead of some picture."""

    total: int
    earlier: int


@dataclass(frozen=True)
class LabelCounts:
    """How many usable pictures carry a label, or none; those of no split are in `pictures` alone."""

    label: str | None
    pictures: int
    train: int
    val: int
    test: int


@dataclass(frozen=True)
class Overview:
    """What a task's library consists of. `sources`: usable pictures by the root's name; `labels` by name,
    None last. `excluded` and `invalid` count what is in none of these."""

    labels: tuple[LabelCounts, ...]
    sources: dict[str, int]
    excluded: int
    invalid: int

    @property
    def total(self) -> int:
        return sum(entry.pictures for entry in self.labels)


def list_images(
    session: Session, filters: Filters, *, after: int = 0, before: int | None = None, limit: int
) -> list[LibraryImage]:
    """At most `limit` pictures by id, or of a `finding` the worst first: the first behind the one with the id
    `after`, or the last ahead of the one with the id `before`; of nothing, 0 is ahead of all."""
    query = _filtered(session, select(Image.id), filters, seek=True)
    place = _place(filters)
    if before is None:
        ids = session.scalars(
            query.where(place > _place_of(session, filters, after)).order_by(place).limit(limit)
        ).all()
    else:
        ahead = query.where(place < _place_of(session, filters, before))
        ids = session.scalars(ahead.order_by(place.desc()).limit(limit)).all()[::-1]
    found = library.find_images(session, ids, excluded=filters.excluded)
    return [found[image_id] for image_id in ids if image_id in found]


def count_images(session: Session, filters: Filters, *, below: int = 0) -> Counted:
    """How many pictures pass the filters, and how many of those are ahead of the one with the id `below`."""
    ahead = _place(filters) < _place_of(session, filters, below)
    columns = select(func.count(), func.coalesce(func.sum(case((ahead, 1), else_=0)), 0))
    few = filters.finding is not None  # they are the way in: the library need not be gone through
    total, earlier = session.execute(_filtered(session, columns, filters, seek=few)).one()
    return Counted(total, earlier)


def overview(session: Session, task: str) -> Overview:
    """What a task's library consists of."""
    roots = _roots(session, task)
    key = (Image.root_id, Image.status, Image.excluded, Image.label, Image.split)
    query = select(*key, func.count().label("pictures")).where(Image.root_id.in_(list(roots.values())))
    rows = session.execute(query.group_by(*key)).all()
    usable = [row for row in rows if row.status == "ok" and not row.excluded]
    return Overview(
        labels=_by_label([(row.label, row.split, row.pictures) for row in usable]),
        sources={
            name: sum(row.pictures for row in usable if row.root_id == root_id)
            for name, root_id in roots.items()
        },
        excluded=sum(row.pictures for row in rows if row.status == "ok" and row.excluded),
        invalid=sum(row.pictures for row in rows if row.status == "invalid"),
    )


def _by_label(rows: Iterable[tuple[str | None, str | None, int]]) -> tuple[LabelCounts, ...]:
    counts: dict[str | None, Counter[str | None]] = defaultdict(Counter)
    for label, split, pictures in rows:
        counts[label][split] += pictures
    return tuple(
        LabelCounts(label, of.total(), of["train"], of["val"], of["test"])
        for label, of in sorted(counts.items(), key=lambda entry: (entry[0] is None, entry[0] or ""))
    )


def _roots(session: Session, task: str) -> dict[str, int]:
    """The ids of a task's roots by name."""
    rows = session.execute(select(Root.name, Root.id).where(Root.task == task).order_by(Root.name))
    return dict(rows.all())


def _filtered(session: Session, query: Select[*Columns], filters: Filters, *, seek: bool) -> Select[*Columns]:
    """`seek`: few pictures are wanted, and another way leads to them than through all of their roots."""
    roots = _roots(session, filters.task)
    wanted = [root_id for name, root_id in roots.items() if filters.source in (None, name)]
    # Where the root is no way in, SQLite goes along the ids and ends at the last that is wanted, in place of
    # putting all of the library into their order.
    root = Image.root_id + 0 if seek else Image.root_id
    return query.where(root.in_(wanted), *_conditions(filters))


def _place(filters: Filters) -> SQLColumnExpression[int]:
    """By what the pictures are in order: their ids, or their ranks among what was found."""
    if filters.finding is None:
        return Image.id
    return _ranks(filters.finding).where(Finding.image_id == Image.id).correlate(Image).scalar_subquery()


def _place_of(session: Session, filters: Filters, image_id: int) -> int:
    """The place of a picture; behind all others, where it is no longer among what was found."""
    if filters.finding is None:
        return image_id
    rank = session.scalar(_ranks(filters.finding).where(Finding.image_id == image_id))
    if rank is None:
        return BEHIND_ALL if image_id else AHEAD_OF_ALL
    return rank


def _ranks(kind: findings.Kind) -> Select[int]:
    return select(Finding.rank).where(Finding.kind == kind)


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    yield Image.status == "ok"
    yield Image.excluded.is_(filters.excluded)
    if filters.label is not None:
        yield Image.label == filters.label
    if filters.unlabelled:
        yield Image.label.is_(None)
    if filters.split is not None:
        yield Image.split == filters.split
    if filters.finding is not None:
        found = select(Finding.image_id).join(Image, Image.id == Finding.image_id).join(Root)
        yield Image.id.in_(found.where(Finding.kind == filters.finding, findings.stands()))
