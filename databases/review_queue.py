"""Which pictures of a task people should look at first, and why: the queue that most improves the next model.

In this order. What somebody reported wrong: people have looked. Labels that `menagerie check` suspects and
the model or its neighbours doubt too, the strongest doubt first: a wrong label teaches something wrong; after
them those on which the model says nothing, in the check's order. Labels that the model or its neighbours
doubt alone, likewise. Suspicions that both contradict. Pictures without a label, the smallest margin first,
of which a label teaches most (margin sampling: Scheffer et al. 2001, "Active Hidden Markov Models for
Information Extraction"). Last, what the model is unsure of, though label and answer agree. Within each, ties
go to the lower id. How strong a doubt is: see `_doubt`.

That a check sees no animal is contradicted by neither: a model that was taught that cars are jaguars, and
has cars for neighbours, does not doubt it. It counts as a doubt by its rank, among the others.

With 1 label in 20 mistaken on purpose, at random, in two collections of photographs (means of ten draws of
46 of 916 pictures of 8 labels, and of five of 60 of 1,200 of 2; a probe of the starter answers), such labels
are 95 and 99 % of the first 20, and 67 and 88 % of the first 50; by the check's ranks alone 45 and 67 %, and
45 and 86 %. Of 30 cars among 750 big cats 10 are in the first 20 and 23 in the first 50, by the check's ranks
10 and 24. `STRANGE` and `EACH_LESS` were chosen on these very pictures.

What somebody decided leaves the queue, whatever later models think: it comes back only if it is reported
after that. A label that the model was never taught is no disagreement.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from databases.models import Answer, Correction, Feedback, Finding, Image, Model, Prediction, Root

Reason = Literal["reported", "suspect", "disagrees", "unlabelled", "unsure"]
REASONS: tuple[Reason, ...] = get_args(Reason)  # the weightiest first
# What `menagerie check` finds of labels.
SUSPICIONS = ("suspect", "two_labels", "not_an_animal")
NOT_AN_ANIMAL = "not_an_animal"
STEPS = 1_000_000  # within a part
REPORTED, DOUBTED, DISAGREED, SUSPECTED, UNLABELLED, UNSURE = (part * STEPS for part in range(6))
MOST_DOUBT = 3.0
# How strong a doubt it is that a check sees no animal, of the one it is surest of, and of each next one less.
STRANGE, EACH_LESS = 2.8, 0.02

# A picture's id, its label, and its order: its part of the queue and its place in it, less than STEPS.
Row = tuple[int, str | None, int]


class Position(NamedTuple):
    """Where in the queue a picture stands: `order` first, then the lower id."""

    order: int
    image_id: int


@dataclass(frozen=True)
class Task:
    """Whose queue, and by which model's answers."""

    name: str
    model_id: int
    labels: Sequence[str]


@dataclass(frozen=True)
class Waiting:
    """A picture that waits for somebody to look, and why, the weightiest reason first."""

    position: Position
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Queue:
    """A part of the queue. `total`: of all that wait; `counts`: by reason, of which one picture may have
    several; `more`: whether others come after these."""

    total: int
    counts: dict[Reason, int]
    waiting: tuple[Waiting, ...]
    more: bool


def read_queue(
    session: Session,
    task: Task,
    *,
    reason: Reason | None = None,
    label: str | None = None,
    after: Position | None = None,
    limit: int,
) -> Queue:
    """The next `limit` pictures after a position: those that wait for a `reason`, and carry a `label` or,
    without one, are answered with it. Counts are of that label, whatever the reason."""
    found = _Found()
    for number, rows in enumerate(_candidates(session, task)):
        found.add(number, rows)
    if label is not None:
        found = found.labelled(label)
    bit = None if reason is None else 1 << REASONS.index(reason)
    chosen = [place for place, mask in found.waiting() if bit is None or mask & bit]
    rest = [place for place in chosen if after is None or place > after]
    page = nsmallest(limit, rest)
    waiting = tuple(Waiting(place, _reasons(found.masks[place.image_id])) for place in page)
    return Queue(len(chosen), found.counts(), waiting, len(rest) > len(page))


class _Found:
    """Pictures that wait: the first reason's order, all reasons as bits, and the label, by image id."""

    def __init__(self) -> None:
        self.orders: dict[int, int] = {}
        self.masks: dict[int, int] = {}
        self.labels: dict[int, str | None] = {}

    def add(self, number: int, rows: Iterator[Row]) -> None:
        orders, masks, labels, bit = self.orders, self.masks, self.labels, 1 << number
        for image_id, label, order in rows:
            orders.setdefault(image_id, order)
            masks[image_id] = masks.get(image_id, 0) | bit
            labels[image_id] = labels.get(image_id) or label

    def labelled(self, label: str) -> "_Found":
        some = _Found()
        for image_id, one in self.labels.items():
            if one == label:
                some.orders[image_id], some.masks[image_id] = self.orders[image_id], self.masks[image_id]
        return some

    def waiting(self) -> Iterator[tuple[Position, int]]:
        for image_id, order in self.orders.items():
            yield Position(order, image_id), self.masks[image_id]

    def counts(self) -> dict[Reason, int]:
        by_mask = Counter(self.masks.values())
        return {
            reason: sum(count for mask, count in by_mask.items() if mask >> number & 1)
            for number, reason in enumerate(REASONS)
        }


def _reasons(mask: int) -> tuple[Reason, ...]:
    return tuple(reason for number, reason in enumerate(REASONS) if mask >> number & 1)


def _candidates(session: Session, task: Task) -> Iterator[Iterator[Row]]:
    """The pictures that wait for each of `REASONS`, each picture once."""
    roots = list(session.scalars(select(Root.id).where(Root.task == task.name)))
    # The root is no way in: by it SQLite would look at all of the library for a few reports.
    ours = and_(Image.usable, (Image.root_id + 0).in_(roots))
    known = and_(Image.label.in_(task.labels), not_(_decided(task.name)))
    answered = _answered(task.model_id)
    queries = (
        _reported(task.name).where(ours),
        _suspected(task).where(ours, not_(_decided(task.name))),
        answered.add_columns(DISAGREED + _by_doubt(STEPS)).where(ours, known, _disagrees()),
        _unlabelled(task.model_id).where(ours),
        answered.add_columns(UNSURE + _by_margin()).where(ours, known, Answer.verdict != "confident"),
    )
    for query in queries:
        yield (tuple(row) for row in session.execute(query))


def _reported(task: str) -> Select[*tuple[Any, ...]]:
    """A row for each picture that was reported wrong and not decided on since: of a prediction the last word
    counts. The more people said so, the earlier."""
    reports = (
        select(Prediction.sha256, func.count().label("number"), func.max(Feedback.created_at).label("latest"))
        .select_from(Feedback)
        .join(Prediction, Prediction.id == Feedback.prediction_id)
        # Not by the models' predictions, which are many more than what was said of them.
        .join(Model, Model.version == Prediction.model_version.concat(""))
        .where(Model.task == task, Feedback.correct.is_(False), last_word())
        .group_by(Prediction.sha256)
        .subquery()
    )
    decided_since = _decided(task, Correction.made_at > reports.c.latest)
    return (
        select(Image.id, Image.label, REPORTED + _whole(STEPS / (1 + reports.c.number)))
        .join(reports, reports.c.sha256 == Image.sha256)
        .where(not_(decided_since))
    )


def last_word() -> ColumnElement[bool]:
    """Of feedback: that nothing was said of the same prediction later."""
    later = aliased(Feedback)
    return ~exists().where(later.prediction_id == Feedback.prediction_id, later.id > Feedback.id)


def _suspected(task: Task) -> Select[*tuple[Any, ...]]:
    found = (
        select(
            Finding.image_id,
            func.min(Finding.rank).label("rank"),
            func.min(case((Finding.kind == NOT_AN_ANIMAL, Finding.rank))).label("strange"),
        )
        .where(Finding.kind.in_(SUSPICIONS))
        .group_by(Finding.image_id)
        .subquery()
    )
    # A model that sees no animal, was not asked, or was never taught the label says nothing of it.
    speaks = and_(Answer.verdict != NOT_AN_ANIMAL, Image.label.in_(task.labels))
    strange = STRANGE - EACH_LESS * found.c.strange
    doubted = and_(speaks, _disagrees())
    order = case(
        (and_(doubted, or_(strange.is_(None), _doubt() >= strange)), DOUBTED + _by_doubt(STEPS // 2)),
        (strange > 0, DOUBTED + _place(strange, STEPS // 2)),
        (speaks, SUSPECTED + found.c.rank),
        else_=DOUBTED + STEPS // 2 + found.c.rank,
    )
    answered = select(Image.id, Image.label, order).join(found, found.c.image_id == Image.id)
    return answered.outerjoin(Answer, _is_answer_to_it(task.model_id))


def _answered(model_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Image.id, Image.label)
        .select_from(Answer)
        .join(Image, Image.id == Answer.image_id)
        .where(Answer.model_id == model_id, Answer.sha256 == Image.sha256)
    )


def _unlabelled(model_id: int) -> Select[*tuple[Any, ...]]:
    label = case((Answer.verdict != NOT_AN_ANIMAL, Answer.label))
    place = func.coalesce(_by_margin(), STEPS - 1)  # what the model was not asked about comes last
    waiting = select(Image.id, label, UNLABELLED + place).outerjoin(Answer, _is_answer_to_it(model_id))
    return waiting.where(Image.label.is_(None))


def _is_answer_to_it(model_id: int) -> ColumnElement[bool]:
    return and_(Answer.image_id == Image.id, Answer.model_id == model_id, Answer.sha256 == Image.sha256)


def _disagrees() -> ColumnElement[bool]:
    differs = case((Answer.label != Image.label, True), else_=Answer.agreement < 0.5)
    return and_(Answer.verdict != NOT_AN_ANIMAL, differs)


def _by_doubt(steps: int) -> ColumnElement[int]:
    return _place(_doubt(), steps)


def _doubt() -> ColumnElement[float]:
    """0 to 3: of another answer 1, its margin, and the share of the neighbours that carry it; where answer
    and label are the same, the share of those that carry others."""
    agreement = func.coalesce(Answer.agreement, 0.5)
    other = 1 + func.coalesce(Answer.margin, 0.0) + agreement
    return case((Answer.label != Image.label, other), else_=1 - agreement)


def _place(doubt: ColumnElement[float], steps: int) -> ColumnElement[int]:
    """A place below `steps`, the strongest doubt first."""
    return _whole((MOST_DOUBT - doubt) / MOST_DOUBT * (steps - 1))


def _by_margin() -> ColumnElement[int]:
    return _whole(Answer.margin * (STEPS - 2))


def _whole(number: Any) -> ColumnElement[int]:
    return cast(number, Integer)


def _decided(task: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether somebody decided on a picture, and that holds."""
    return exists().where(
        Correction.task == task,
        Correction.sha256 == Image.sha256,
        Correction.undone_at.is_(None),
        *conditions,
    )
