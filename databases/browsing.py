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
    None last. `total`: of all usable ones; `excluded` and `invalid` count what is in none of these."""

    total: int
    labels: tuple[LabelCounts, ...]
    sources: dict[str, int]
    excluded: int
    invalid: int


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


def overview(session: Session, task: str, *, sent: bool = False, within: Filters | None = None) -> Overview:
    """What a task's library consists of; `sent`: see `Filters`.

    `within`: labels are counted among those of its source and finding, sources among those of its label,
    split and finding. `total`, `excluded` and `invalid` are of the whole library all the same.
    """
    roots = _roots(session, task)
    key = (Image.root_id, Image.status, Image.excluded, Image.label, Image.split)
    query = select(*key, func.count().label("pictures")).where(
        Image.root_id.in_(list(roots.values())), kept.seen(session, task, sent=sent)
    )
    rows = session.execute(query.group_by(*key)).all()
    used = [row for row in rows if row.status == "ok" and not row.excluded]
    usable = [_Part(row.root_id, row.label, row.split, row.pictures) for row in used]
    asked = within or Filters(task)
    found = usable if asked.finding is None else _of_finding(session, asked)
    root = roots.get(asked.source or "")
    return Overview(
        total=sum(part.pictures for part in usable),
        labels=_by_label(part for part in found if asked.source is None or part.root_id == root),
        sources={
            name: sum(part.pictures for part in found if part.root_id == root_id and part.passes(asked))
            for name, root_id in roots.items()
        },
        excluded=sum(row.pictures for row in rows if row.status == "ok" and row.excluded),
        invalid=sum(row.pictures for row in rows if row.status == "invalid"),
    )


@dataclass(frozen=True)
class _Part:
    """How many pictures share all of these."""

    root_id: int
    label: str | None
    split: str | None
    pictures: int

    def passes(self, asked: Filters) -> bool:
        """Whether they are of the label and the split."""
        if asked.unlabelled and self.label is not None:
            return False
        return asked.label in (None, self.label) and asked.split in (None, self.split)


def _of_finding(session: Session, asked: Filters) -> list[_Part]:
    """The parts of what a finding stands of."""
    key = (Image.root_id, Image.label, Image.split)
    of_finding = Filters(asked.task, finding=asked.finding, sent=asked.sent)
    query = _filtered(session, select(*key, func.count()), of_finding, seek=True)
    return [_Part(*row) for row in session.execute(query.group_by(*key))]


def chosen(filters: Filters) -> list[ColumnElement[bool]]:
    """What label, split and source ask of an `Image` and its `Root`."""
    if filters.source is None:
        return list(_parts(filters))
    return [Root.name == filters.source, *_parts(filters)]


def _by_label(parts: Iterable[_Part]) -> tuple[LabelCounts, ...]:
    counts: dict[str | None, Counter[str | None]] = defaultdict(Counter)
    for part in parts:
        counts[part.label][part.split] += part.pictures
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
    yield from _parts(filters)


def _parts(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.label is not None:
        yield Image.label == filters.label
    if filters.unlabelled:
        yield Image.label.is_(None)
    if filters.split is not None:
        yield Image.split == filters.split
