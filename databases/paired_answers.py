"""What two models answered about the same test pictures, as far as that tells which one is better; and what
people decided between two trainings."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from databases.dataset_versions import Member
from databases.duplicates import showing_the_same
from databases.models import Answer, Correction, DatasetVersion, Image, Root
from databases.registry import RegisteredModel


class PairedAnswer(NamedTuple):
    """A test picture by its content, the label that it carries, and what each of two models answered."""

    sha256: str
    label: str
    first: str
    second: str


def paired_answers(
    session: Session, first: RegisteredModel, second: RegisteredModel, learnt_from: frozenset[str]
) -> list[PairedAnswer]:
    """What both answered about the usable, labelled test pictures of their task, as these are now; without
    those whose content is in `learnt_from`; see `learnt_contents`."""
    one, other = aliased(Answer), aliased(Answer)
    rows = session.execute(
        select(Image.sha256, Image.label, one.label, other.label)
        .join(Root, Root.id == Image.root_id)
        .join(one, (one.image_id == Image.id) & (one.sha256 == Image.sha256))
        .join(other, (other.image_id == Image.id) & (other.sha256 == Image.sha256))
        .where(
            one.model_id == first.id,
            other.model_id == second.id,
            Root.task == first.task,
            Image.split == "test",
            Image.label.is_not(None),
            Image.usable,
        )
    )
    return [
        PairedAnswer(str(sha256), str(label), *answered)
        for sha256, label, *answered in rows
        if sha256 not in learnt_from
    ]


def new_pictures(session: Session, task: str, learnt_from: frozenset[str]) -> list[int]:
    """Ids of the usable, labelled test pictures of a task whose content is not in `learnt_from`."""
    rows = session.execute(
        select(Image.id, Image.sha256)
        .join(Root, Root.id == Image.root_id)
        .where(Root.task == task, Image.split == "test", Image.label.is_not(None), Image.usable)
    )
    return [int(image_id) for image_id, sha256 in rows if sha256 not in learnt_from]


def learnt_contents(session: Session, members: list[Member]) -> frozenset[str]:
    """What a model may have learnt from: train, and val, by which it was chosen at the least; with the
    contents of all other pictures that are known by now to show the same.

    A data set is kept without its groups: of what was learnt long ago, too, today's are the best known.
    """
    return showing_the_same(session, frozenset(one.sha256 for one in members if one.split != "test"))


def taught_at(session: Session, model: RegisteredModel) -> datetime:
    """Since when the data set that a model learnt from is known; where it is not kept, when the model was
    made."""
    kept = select(DatasetVersion.created_at).where(DatasetVersion.fingerprint == model.dataset_fingerprint)
    return session.scalar(kept) or model.created_at


def count_decisions(session: Session, task: str, since: datetime, until: datetime) -> Mapping[str, int]:
    """How many decisions of each kind people made for a task after `since` and up to `until`, of those that
    hold."""
    rows = session.execute(
        select(Correction.kind, func.count())
        .where(
            Correction.task == task,
            Correction.made_at > since,
            Correction.made_at <= until,
            Correction.undone_at.is_(None),
        )
        .group_by(Correction.kind)
    )
    return {str(row[0]): int(row[1]) for row in rows}
