"""Queries for those who look through a library: its pictures a page at a time, and how many there are of
what. With 100,000 pictures each takes some hundredths of a second: counts are read from one index alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.orm import Session

from databases import findings, kept, library
from databases.library import LibraryImage, Split
from databases.models import Finding, Image, Root

Columns = TypeVarTuple("Columns")
LAST = 2**31 - 1  # no rank is beyond it


@dataclass(frozen=True)
class Filters:
    """Which of a task's pictures: the usable ones, or the `excluded` ones. None where any will do; `source`:
    the name of a root; `finding`: what stands of them. `sent`: those too that people sent to the service and
    of which nobody has said yet what they show."""

    task: str
    label: str | None = None
    unlabelled: bool = False
    split: Split | None = None
    source: str | None = None
    finding: findings.Kind | None = None
    excluded: bool = False
    sent: bool = False


@dataclass(frozen=True)
class Page:
    """Some of the pictures that pass the filters, in their order. `total`: how many pass; `earlier`: how many
    of these come before."""

    images: tuple[LibraryImage, ...]
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


def read_page(
    session: Session, filters: Filters, *, after: int = 0, before: int | None = None, limit: int
) -> Page:
    """At most `limit` pictures: the first after the one with the id `after`, or the last before `before`.

    They are in the order of their ids; of a finding, the worst come first. An id that is none of theirs lies
    behind the last of a finding.
    """
    place = Image.id if filters.finding is None else Finding.rank
    query = _filtered(session, select(Image.id), filters, seek=True)
    if before is None:
        later = query.where(place > _place_of(after, filters)) if after else query
        ids = list(session.scalars(later.order_by(place).limit(limit)))
    else:
        earlier = query.where(place < _place_of(before, filters))
        ids = list(session.scalars(earlier.order_by(place.desc()).limit(limit)))[::-1]
    found = library.find_images(session, ids, excluded=filters.excluded)
    images = tuple(found[image_id] for image_id in ids if image_id in found)
    if images:
        return Page(images, *_count(session, filters, place < _place_of(images[0].id, filters)))
    total, _ = _count(session, filters, place < 0)
    return Page((), total, total if before is None else 0)


def overview(session: Session, task: str, *, sent: bool = False) -> Overview:
    """What a task's library consists of; `sent`: see `Filters`."""
    roots = _roots(session, task)
    key = (Image.root_id, Image.status, Image.excluded, Image.label, Image.split)
    query = select(*key, func.count().label("pictures")).where(
        Image.root_id.in_(list(roots.values())), kept.seen(session, task, sent=sent)
    )
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


def _count(session: Session, filters: Filters, is_earlier: ColumnElement[bool]) -> tuple[int, int]:
    """How many pictures pass, and of how many of them that is true."""
    few = filters.finding is not None  # they are the way in: the library need not be gone through
    columns = select(func.count(), func.coalesce(func.sum(case((is_earlier, 1), else_=0)), 0))
    total, earlier = session.execute(_filtered(session, columns, filters, seek=few)).one()
    return total, earlier


def _place_of(image_id: int, filters: Filters) -> ColumnElement[int]:
    """Where a picture stands in the order of those that pass."""
    if filters.finding is None:
        return literal(image_id)
    rank = select(Finding.rank).where(Finding.image_id == image_id, Finding.kind == filters.finding)
    return func.coalesce(rank.scalar_subquery(), LAST)


def _filtered(session: Session, query: Select[*Columns], filters: Filters, *, seek: bool) -> Select[*Columns]:
    """`seek`: few pictures are wanted, and another way leads to them than through all of their roots."""
    roots = _roots(session, filters.task)
    wanted = [root_id for name, root_id in roots.items() if filters.source in (None, name)]
    # Where the root is no way in, SQLite goes along the ids and ends at the last that is wanted, in place of
    # putting all of the library into their order.
    root = Image.root_id + 0 if seek else Image.root_id
    query = query.select_from(Image)
    if filters.finding is not None:
        found = and_(Finding.image_id == Image.id, Finding.kind == filters.finding)
        query = query.join(Finding, found).join(Root, Root.id == Image.root_id + 0).where(findings.stands())
    seen = kept.seen(session, filters.task, sent=filters.sent)
    return query.where(root.in_(wanted), seen, *_conditions(filters))


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    yield Image.status == "ok"
    yield Image.excluded.is_(filters.excluded)
    if filters.label is not None:
        yield Image.label == filters.label
    if filters.unlabelled:
        yield Image.label.is_(None)
    if filters.split is not None:
        yield Image.split == filters.split
