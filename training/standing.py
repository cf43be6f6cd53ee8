"""How a new model stands beside the champion of its task: both answer to the same test pictures."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Bundles
from backend.certainty import PairedTest, mcnemar
from databases import registry
from databases.paired_answers import new_pictures, paired_answers
from databases.registry import RegisteredModel
from training.answering import answer_some
from training.dataset import contents_learnt
from training.progress import Progress


@dataclass(frozen=True)
class Standing:
    """Both on the `pictures` of the test split that neither learnt from; of `test` the champion is the first.
    `right` and `right_before`: on how many the new model is, and the champion."""

    champion: str
    pictures: int
    right: int
    right_before: int
    test: PairedTest


def stand_beside_champion(
    engine: Engine, bundles: Bundles, version: str, progress: Progress
) -> Standing | None:
    """Asks both about the test pictures that neither learnt from, and keeps what they answer: only that tells
    what is better now, and whether by chance. What they answered before is not asked again.

    None where there is no other champion, nobody knows what one of them learnt from, or no such picture is
    there.

    Raises:
        BadBundle: a bundle is gone or damaged.
        BundleUnreachable: the place where it lies does not answer.
        TrainingError: a picture is gone.
        Unreachable: the place where one lies does not answer.
    """
    with Session(engine) as session:
        model = registry.get_model(session, version)
        champion = registry.champion(session, model.task)
        if champion is None or champion.version == version:
            return None
        learnt = _learnt(session, champion, model)
        if learnt is None or not (asked := new_pictures(session, model.task, learnt)):
            return None
    for one in (champion, model):
        answer_some(engine, bundles, one, asked, progress)
    with Session(engine) as session:
        both = paired_answers(session, champion, model, learnt)
    before = [one.first == one.label for one in both]
    now = [one.second == one.label for one in both]
    pairs = list(zip(before, now, strict=True))
    test = mcnemar(pairs.count((True, False)), pairs.count((False, True)))
    return Standing(champion.version, len(both), sum(now), sum(before), test)


def _learnt(session: Session, *models: RegisteredModel) -> frozenset[str] | None:
    """The contents that any of them learnt from; None where that is not known of one."""
    contents: frozenset[str] = frozenset()
    for model in models:
        learnt = contents_learnt(session, model)
        if learnt is None:
            return None
        contents |= learnt
    return contents
