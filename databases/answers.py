"""Queries on what a model answers to the library's pictures: one answer a picture and model, tied to the
picture's content."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Select, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from databases import library
from databases.models import Answer, Image, Root, now


class NewAnswer(NamedTuple):
    """A row to be. `label` is the likeliest one, whatever the verdict; `sha256`: of what the model saw."""

    image_id: int
    sha256: str
    label: str
    score: float
    margin: float
    verdict: str


class Unjudged(NamedTuple):
    """An answer of which nobody asked the neighbours yet."""

    image_id: int
    sha256: str
    label: str


class Judged(NamedTuple):
    """What the nearest labelled pictures say of an answer: the share of them that carry its label, and of
    `near_asked` of them how many carry the label that most do."""

    agreement: float
    near_label: str
    near_count: int
    near_asked: int


def unanswered(session: Session, model_id: int, task: str) -> list[int]:
    """Ids of a task's usable pictures to whose present content a model has no answer yet."""
    return list(session.scalars(_unanswered(select(Image.id), model_id, task).order_by(Image.id)))


def count_unanswered(session: Session, model_id: int, task: str) -> int:
    """How many they are."""
    return session.scalar(_unanswered(select(func.count()).select_from(Image), model_id, task)) or 0


def put_answers(session: Session, model_id: int, answers: Sequence[NewAnswer]) -> None:
    """Writes answers in place of what was there, with no neighbours asked yet; none to pictures that were
    deleted meanwhile."""
    if not answers:
        return
    ids = [answer.image_id for answer in answers]
    session.execute(delete(Answer).where(Answer.model_id == model_id, Answer.image_id.in_(ids)))
    there = library.still_there(session, ids)
    shared = {"model_id": model_id, "answered_at": now()}
    rows = [answer._asdict() | shared for answer in answers if answer.image_id in there]
    if rows:
        session.execute(insert(Answer), rows)


def unjudged(session: Session, model_id: int, task: str) -> list[Unjudged]:
    """A model's answers to a task's usable pictures of which nobody asked the neighbours, or kept which label
    they carry, by id."""
    query = (
        select(Answer.image_id, Answer.sha256, Answer.label)
        .join(Image, Image.id == Answer.image_id)
        .join(Root, Root.id == Image.root_id)
        .where(
            Answer.model_id == model_id,
            Root.task == task,
            Image.usable,
            Answer.sha256 == Image.sha256,
            Answer.near_label.is_(None),
        )
    )
    return [Unjudged(*row) for row in session.execute(query.order_by(Answer.image_id))]


def put_agreements(session: Session, model_id: int, judged: Mapping[int, Judged]) -> None:
    """Writes what the neighbours say of the answers to pictures, by their ids."""
    rows = [{"image_id": image_id, "model_id": model_id} | one._asdict() for image_id, one in judged.items()]
    if rows:
        session.execute(update(Answer), rows)


def _unanswered(query: Select[int], model_id: int, task: str) -> Select[int]:
    answered = exists().where(
        Answer.image_id == Image.id, Answer.model_id == model_id, Answer.sha256 == Image.sha256
    )
    # The root is no way in: in the order of ids SQLite reads each page once.
    return query.join(Root, Root.id == Image.root_id + 0).where(Root.task == task, Image.usable, ~answered)
