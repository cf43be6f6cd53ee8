"""A gallery's queries in PostgreSQL, where pgvector finds what is near: exactly, or by an index."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVarTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session

from databases.halfvec import HalfVector
from databases.library import shown as shown_by_group
from databases.models import Embedding, GalleryVector, GalleryWrites, Image, Root
from databases.nearest import Among

Columns = TypeVarTuple("Columns")
GROUP = shown_by_group(0).removesuffix("0")
CONTENT_ALONE = case((Image.duplicate_group.is_(None), Image.sha256), else_=null())
SHOWN = func.coalesce(CONTENT_ALONE, GROUP + cast(Image.duplicate_group, String))
FETCHED_AT_ONCE = 500
# pgvector's own names. Within a transaction: how wide the index looks, and that it goes on where a filter
# left too few, until it has seen so many vectors.
LOOK_WIDE = text(
    "SELECT set_config('hnsw.ef_search', :wide, true), set_config('hnsw.max_scan_tuples', :seen, true), "
    "set_config('hnsw.scan_mem_multiplier', '4', true), "
    "set_config('hnsw.iterative_scan', 'relaxed_order', true)"
)


@dataclass(frozen=True)
class Shelved:
    """Which embeddings are meant: those of the pictures of some roots, of `size` numbers, under a model; of
    the roots `unnamed` none without a label."""

    model_id: int
    size: int
    roots: Collection[int]
    unnamed: Collection[int] = ()


@dataclass(frozen=True)
class Counted:
    """How many pictures pass a filter, and how many different things they show."""

    pictures: int
    different: int


@dataclass(frozen=True)
class Asked:
    """A query `embedding` float32 [size], and which pictures may be near it; none that show one of `own`."""

    embedding: NDArray[np.float32]
    among: Among
    own: Collection[str]


@dataclass(frozen=True)
class Near:
    """`rough`: the dot product with the query in half precision. `vector`: float32, little-endian bytes."""

    image_id: int
    label: str | None
    shown: str
    rough: float
    vector: bytes


def writes(session: Session) -> int:
    """The same as long as nothing is written that a gallery knows."""
    return int(session.scalar(select(func.sum(GalleryWrites.writes))) or 0)


def roots(session: Session, task: str) -> dict[str, int]:
    """The ids of a task's roots by name."""
    return dict(session.execute(select(Root.name, Root.id).where(Root.task == task)).all())


def count(session: Session, shelved: Shelved, among: Among) -> Counted:
    """Of the pictures that pass a filter."""
    groups = _filtered(select(func.count().label("pictures")), Embedding, shelved, among)
    different = groups.group_by(Image.duplicate_group, CONTENT_ALONE).subquery()
    pictures = func.coalesce(func.sum(different.c.pictures), 0)
    counted = session.execute(select(cast(pictures, Integer), func.count()).select_from(different))
    return Counted(*counted.one())


def alike(session: Session, shelved: Shelved, among: Among, shown: Collection[str]) -> dict[str, int]:
    """How many of the pictures show each of these, where any does."""
    if not shown:
        return {}
    query = _filtered(select(SHOWN, func.count()), Embedding, shelved, among).where(_shows(shown))
    return dict(session.execute(query.group_by(SHOWN)).all())


def near_exactly(
    session: Session, shelved: Shelved, asked: Asked, *, most: int | None, at_least: float | None = None
) -> Iterator[list[Near]]:
    """The pictures nearest to a query in half precision, nearest first: `most` of them, and only those with a
    dot product of `at_least`. All that pass the filter are compared. Some at a time, so that however many
    there are, no more of their embeddings are held."""
    distance = _distance(shelved.size, asked.embedding) + 0.0  # by which no index is sorted
    found = _near(shelved, asked, distance).order_by(distance).limit(most)
    if at_least is not None:
        found = found.where(distance <= -at_least)
    if most is None:
        found = found.execution_options(yield_per=FETCHED_AT_ONCE)
    return _fetch(session, shelved, found)


def near_by_index(
    session: Session, shelved: Shelved, asked: Asked, *, most: int, wide: int, seen: int
) -> Iterator[list[Near]]:
    """As `near_exactly`, of what the model's index finds while it looks `wide` and sees up to `seen` vectors:
    some of the nearest may be missing, the order is about that, and where the filter leaves few there may be
    fewer than `most`."""
    session.execute(LOOK_WIDE, {"wide": str(wide), "seen": str(seen)})
    distance = _distance(shelved.size, asked.embedding)
    return _fetch(session, shelved, _near(shelved, asked, distance).order_by(distance).limit(most))


def vectors(session: Session, model_id: int, image_ids: Sequence[int]) -> Mapping[int, bytes]:
    """Embeddings by image id, float32 as little-endian bytes."""
    query = select(Embedding.image_id, Embedding.vector).where(
        Embedding.model_id == model_id, Embedding.image_id.in_(image_ids)
    )
    return dict(session.execute(query).all())


def _near(shelved: Shelved, asked: Asked, distance: ColumnElement[float]) -> Select[*tuple[Any, ...]]:
    columns = select(Image.id, Image.label, SHOWN.label("shown"), distance.label("distance"))
    query = _filtered(columns, GalleryVector, shelved, asked.among)
    return query.where(SHOWN.not_in(asked.own)) if asked.own else query


def _fetch(session: Session, shelved: Shelved, found: Select[*tuple[Any, ...]]) -> Iterator[list[Near]]:
    """With their embeddings, which are looked up for those that somebody waits for."""
    with session.execute(found) as rows:
        for some in rows.partitions(FETCHED_AT_ONCE):
            embedded = vectors(session, shelved.model_id, [row.id for row in some])
            yield [Near(row.id, row.label, row.shown, -row.distance, embedded[row.id]) for row in some]


def _distance(size: int, embedding: NDArray[np.float32]) -> ColumnElement[float]:
    """The negative dot product, in the very words of the index."""
    kind = HalfVector(size)
    query = cast(literal(embedding, kind), kind)
    return cast(GalleryVector.vector, kind).op("<#>", return_type=Float())(query)


def _filtered(
    query: Select[*Columns], table: type[Embedding | GalleryVector], shelved: Shelved, among: Among
) -> Select[*Columns]:
    """Of the pictures with a row in `table` those that are still what they were, and pass a filter.

    The model is written into the statement, or PostgreSQL would not know whose index serves it; and that the
    content is the same, as a truth like any other, or it would expect next to no rows and plan for these.
    """
    query = query.select_from(table).join(Image, Image.id == table.image_id)
    query = query.where(
        table.model_id == literal_column(str(int(shelved.model_id)), Integer),
        case((table.sha256 == Image.sha256, true()), else_=false()),
        Image.usable,
        Image.root_id.in_(shelved.roots),
    )
    if shelved.unnamed:
        query = query.where(or_(Image.label.is_not(None), Image.root_id.not_in(shelved.unnamed)))
    for column, value in ((Image.label, among.label), (Image.split, among.split)):
        if value is not None:
            query = query.where(column == value)
    if among.labelled:
        query = query.where(Image.label.is_not(None))
    if among.since is not None:
        query = query.where(Image.ingested_at >= among.since)
    if among.before is not None:
        query = query.where(Image.ingested_at < among.before)
    return query


def _shows(shown: Collection[str]) -> ColumnElement[bool]:
    """In words that the indices of `images` serve."""
    groups = [int(one.removeprefix(GROUP)) for one in shown if one.startswith(GROUP)]
    contents = [one for one in shown if not one.startswith(GROUP)]
    return or_(
        Image.duplicate_group.in_(groups),
        and_(Image.duplicate_group.is_(None), Image.sha256.in_(contents)),
    )
