"""What a bundle refuses as strange: of pictures that show one of its labels, and of ones that show none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.certainty import Share, wilson
from backend.inference.bundle import Bundle
from backend.inference.manifest import Manifest
from backend.inference.prediction import Predictor
from training.errors import BadSource, NoPictures, TrainingError
from training.evaluation import Scored
from training.metrics import Estimate, auroc
from training.progress import Progress
from training.questions import Opened, Question, Unreadable, open_all


@dataclass(frozen=True)
class Stranger:
    """A picture that shows none of the labels: the likeliest one all the same, its probability, and the
    picture's novelty, both 0 to 1."""

    question: Question
    answer: str
    probability: float
    novelty: float


@dataclass(frozen=True)
class Strangers:
    """What was made of pictures that show none of the labels, those which could be read."""

    seen: tuple[Stranger, ...]
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True)
class Unknown:
    """Of pictures that show none of the labels: their novelty float64 [n], how many were refused, and which
    were `passed`, the most familiar first. `area`: that under the ROC curve, which is how often, of one of
    them and a known picture, the unknown one is the stranger."""

    novelty: NDArray[np.float64]
    refused: Share
    area: Estimate
    passed: tuple[Stranger, ...]
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True)
class Refusals:
    """What a bundle refuses above its `threshold`. `known`: the novelty float64 [n] of pictures that show a
    label, `falsely` how many of them are refused."""

    threshold: float
    known: NDArray[np.float64]
    falsely: Share
    unknown: Unknown | None


def ask_strangers(bundle: Bundle, questions: Sequence[Question], progress: Progress) -> Strangers:
    """Asks about pictures that show none of the labels, along the path that serves.

    Raises:
        TrainingError: the bundle tells no novelty.
        BadSource: a picture is said to show one of the labels.
        NoPictures: not one of them can be read.
    """
    if bundle.manifest.thresholds.novelty is None:
        raise TrainingError(f"{bundle.manifest.version} tells no novelty and refuses nothing: no --unknown")
    if known := [one for one in questions if one.expected is not None]:
        raise BadSource(
            f"{known[0].path} lies in a folder called {known[0].expected!r}, which is one of the labels: "
            "--unknown takes pictures that show none of them"
        )
    predictor = Predictor(bundle)
    seen: list[Stranger] = []
    unreadable: list[Unreadable] = []
    with progress.track("Asking about unknown ones", len(questions)) as advance:
        for batch in open_all(questions, bundle.manifest.preprocessing.least):
            unreadable += [one for one in batch if isinstance(one, Unreadable)]
            seen += _ask(predictor, [one for one in batch if isinstance(one, Opened)])
            advance(len(batch))
    if not seen:
        reason = unreadable[0].reason
        raise NoPictures(f"none of the {len(unreadable)} unknown pictures can be read: {reason}")
    return Strangers(tuple(seen), tuple(unreadable))


def refusals_of(manifest: Manifest, scored: Scored, strangers: Strangers | None) -> Refusals | None:
    """What a bundle refuses of the pictures it was measured on, and of `strangers`; None where it tells no
    novelty."""
    threshold, known = manifest.thresholds.novelty, scored.novelty
    if threshold is None or known is None:
        return None
    return Refusals(
        threshold=threshold,
        known=known,
        falsely=_above(threshold, known),
        unknown=None if strangers is None else _unknown(threshold, known, strangers),
    )


def _ask(predictor: Predictor, opened: list[Opened]) -> list[Stranger]:
    predictions = predictor.predict([one.image for one in opened])
    return [
        Stranger(one.question, said.likeliest, said.score, said.novelty)
        for one, said in zip(opened, predictions, strict=True)
        if said.novelty is not None
    ]


def _unknown(threshold: float, known: NDArray[np.float64], strangers: Strangers) -> Unknown:
    novelty = np.array([one.novelty for one in strangers.seen])
    passed = [one for one in strangers.seen if one.novelty <= threshold]
    return Unknown(
        novelty=novelty,
        refused=_above(threshold, novelty),
        area=auroc(known, novelty),
        passed=tuple(sorted(passed, key=lambda one: one.novelty)),
        unreadable=strangers.unreadable,
    )


def _above(threshold: float, novelty: NDArray[np.float64]) -> Share:
    return wilson(int((novelty > threshold).sum()), len(novelty))
