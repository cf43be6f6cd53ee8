"""What those who look at a picture of the queue are told: what was answered, found and said of it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from databases import library
from databases.labelling import read_labelling
from databases.library import LibraryImage
from databases.models import Answer, Feedback, Finding, Image, Model, Prediction
from databases.review_queue import NOT_AN_ANIMAL, SUSPICIONS, Reason, Task, Waiting, last_word

MOST_SAID = 20


@dataclass(frozen=True)
class Nearest:
    """The label that most of `asked` neighbours of a picture carry: `count` of them."""

    label: str
    count: int
    asked: int


@dataclass(frozen=True)
class Opinion:
    """What the model answers to a picture; `agreement`: the share of its neighbours that agree; `nearest`:
    what most of them say, None where that is not known."""

    label: str
    score: float
    verdict: str
    agreement: float | None
    nearest: Nearest | None = None


@dataclass(frozen=True)
class Said:
    """What somebody said of a prediction for this picture: that it was `correct` or not, and which `label` is
    right, where that is told."""

    correct: bool
    label: str | None
    comment: str | None
    by: str | None
    at: datetime


@dataclass(frozen=True)
class Item:
    """A picture of the queue, and the label to confirm, if anything suggests one. `score`: the model's for
    that label, None where the model does not suggest it."""

    waiting: Waiting
    image: LibraryImage
    suggestion: str | None
    score: float | None
    answer: Opinion | None
    said: tuple[Said, ...]


def read_items(session: Session, task: Task, waiting: Sequence[Waiting]) -> list[Item]:
    """What is known of pictures of the queue, in their order; those that went meanwhile are left out."""
    ids = [one.position.image_id for one in waiting]
    images = library.find_images(session, ids)
    opinions, found, said = _opinions(session, task, ids), _found(session, ids), _said(session, task, images)
    items = [
        _item(
            one,
            images[one.position.image_id],
            opinions.get(one.position.image_id),
            found.get(one.position.image_id, {}),
            said[images[one.position.image_id].sha256],
        )
        for one in waiting
        if one.position.image_id in images
    ]
    names = _names_now(session, task, {item.suggestion for item in items if item.suggestion is not None})
    return [_renamed(item, names) for item in items]


def _names_now(session: Session, task: Task, suggested: Collection[str]) -> dict[str | None, str | None]:
    """What became of suggested labels that were renamed, merged or dropped: models, checks and people told
    them by the names that they had. One that the library has again is itself."""
    labelling = read_labelling(session, task.name, ())
    became: dict[str | None, str | None] = {label: labelling.of(label).label for label in suggested}
    renamed = {label: now for label, now in became.items() if now != label}
    there = library.labels(session, task.name) if renamed else ()
    return {label: now for label, now in renamed.items() if label not in there}


def _renamed(item: Item, names: Mapping[str | None, str | None]) -> Item:
    suggestion = names.get(item.suggestion, item.suggestion)
    return replace(item, suggestion=suggestion, score=None if suggestion is None else item.score)


def _item(
    waiting: Waiting,
    image: LibraryImage,
    opinion: Opinion | None,
    found: dict[str, str | None],
    said: Sequence[Said],
) -> Item:
    suggestion = _suggestion(waiting.reasons, image.label, opinion, found, said)
    by_model = opinion is not None and suggestion == opinion.label
    return Item(
        waiting,
        image,
        suggestion,
        opinion.score if opinion is not None and by_model else None,
        opinion,
        tuple(said[:MOST_SAID]),
    )


def _suggestion(
    reasons: Sequence[Reason],
    label: str | None,
    opinion: Opinion | None,
    found: dict[str, str | None],
    said: Sequence[Said],
) -> str | None:
    """The latest word of people, then what a check found to fit better, then the model's answer, then the
    label that it has; of what a check takes for no animal, none. Where only the neighbours disagree, none:
    a yes to the model's would confirm the very label that is in doubt, and one to theirs would spoil more
    than it mends where the library is in order: most of what they doubt there only looks like others."""
    by_people = next((one.label for one in said if one.label is not None), None)
    if by_people is not None and ("reported" in reasons or label is None):
        return by_people
    if "suspect" in reasons:
        better = next((one for one in found.values() if one is not None), None)
        if better is not None or NOT_AN_ANIMAL in found:
            return better
    if opinion is None or opinion.verdict == NOT_AN_ANIMAL:
        return label
    if "disagrees" in reasons and opinion.label == label:
        return None
    return opinion.label


def _opinions(session: Session, task: Task, ids: Sequence[int]) -> dict[int, Opinion]:
    rows = session.execute(
        select(
            Answer.image_id,
            Answer.label,
            Answer.score,
            Answer.verdict,
            Answer.agreement,
            Answer.near_label,
            Answer.near_count,
            Answer.near_asked,
        )
        .join(Image, Image.id == Answer.image_id)
        .where(Answer.model_id == task.model_id, Answer.image_id.in_(ids), Answer.sha256 == Image.sha256)
    )
    return {row[0]: Opinion(*row[1:5], _nearest(*row[5:])) for row in rows}


def _nearest(label: str | None, count: int | None, asked: int | None) -> Nearest | None:
    return None if label is None or count is None or asked is None else Nearest(label, count, asked)


def _found(session: Session, ids: Sequence[int]) -> dict[int, dict[str, str | None]]:
    """What a check found of labels: by picture and kind, the label that fits better."""
    found: defaultdict[int, dict[str, str | None]] = defaultdict(dict)
    rows = session.execute(
        select(Finding.image_id, Finding.kind, Finding.better).where(
            Finding.image_id.in_(ids), Finding.kind.in_(SUSPICIONS)
        )
    )
    for image_id, kind, better in rows:
        found[image_id][kind] = better
    return found


def _said(session: Session, task: Task, images: dict[int, LibraryImage]) -> defaultdict[str, list[Said]]:
    """The last words on predictions for these pictures, by content hash, the newest first."""
    query: Select[*tuple[Any, ...]] = (
        select(
            Prediction.sha256,
            Prediction.label,
            Prediction.verdict,
            Feedback.correct,
            Feedback.label,
            Feedback.comment,
            Feedback.made_by,
            Feedback.created_at,
        )
        .select_from(Feedback)
        .join(Prediction, Prediction.id == Feedback.prediction_id)
        .join(Model, Model.version == Prediction.model_version)
        .where(Model.task == task.name, last_word())
        .where(Prediction.sha256.in_([image.sha256 for image in images.values()]))
        .order_by(Feedback.id.desc())
    )
    said: defaultdict[str, list[Said]] = defaultdict(list)
    for sha256, answered, verdict, correct, label, comment, by, at in session.execute(query):
        confirmed = answered if correct and verdict != NOT_AN_ANIMAL else None
        said[sha256].append(Said(correct, label or confirmed, comment, by, at))
    return said
