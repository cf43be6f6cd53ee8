"""Two bundles on the same pictures, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backend.inference.bundle import Bundle
from backend.inference.manifest import Manifest
from backend.inference.prediction import Prediction, Predictor
from training.errors import NoPictures
from training.metrics import PairedTest, Share, mcnemar, wilson
from training.progress import Progress
from training.questions import Opened, Question, Unreadable, open_all


@dataclass(frozen=True)
class Reply:
    """The likeliest label with its probability; `right` is None where nobody knows what is right."""

    label: str
    probability: float
    right: bool | None


@dataclass(frozen=True)
class Row:
    """A picture and both replies."""

    question: Question
    first: Reply
    second: Reply

    @property
    def agree(self) -> bool:
        return self.first.label == self.second.label


@dataclass(frozen=True)
class Comparison:
    """What `first` and `second` answered. `rows` begin with those where one is right and the other wrong,
    then those where the answers differ; only rows with an expected label are counted."""

    first: Manifest
    second: Manifest
    rows: tuple[Row, ...]
    unreadable: tuple[Unreadable, ...]

    @cached_property
    def counted(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.question.expected is not None)

    @property
    def shares(self) -> tuple[Share, Share]:
        """How often each was right; a label that it was never taught is one that it gets wrong."""
        total = len(self.counted)
        first, second = (sum(bool(reply.right) for reply in replies) for replies in self._replies)
        return wilson(first, total), wilson(second, total)

    @property
    def test(self) -> PairedTest:
        first, second = (np.array([bool(one.right) for one in replies], bool) for replies in self._replies)
        return mcnemar(first, second)

    @property
    def untaught(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The expected labels that each does not know, and so cannot get right."""
        expected = {str(row.question.expected) for row in self.counted}
        return (
            tuple(sorted(expected - set(self.first.labels))),
            tuple(sorted(expected - set(self.second.labels))),
        )

    @property
    def _replies(self) -> tuple[list[Reply], list[Reply]]:
        return [row.first for row in self.counted], [row.second for row in self.counted]


def compare(first: Bundle, second: Bundle, questions: Sequence[Question], progress: Progress) -> Comparison:
    """Asks both about each picture, along the path that serves.

    Raises:
        NoPictures: not one of them can be read.
    """
    predictors = Predictor(first), Predictor(second)
    rows: list[Row] = []
    unreadable: list[Unreadable] = []
    with progress.track("Asking both", len(questions)) as advance:
        for batch in open_all(questions, max(each.manifest.preprocessing.least for each in predictors)):
            unreadable += [one for one in batch if isinstance(one, Unreadable)]
            rows += _ask(predictors, [one for one in batch if isinstance(one, Opened)])
            advance(len(batch))
    if not rows:
        raise NoPictures(f"none of the {len(unreadable)} pictures can be read: {unreadable[0].reason}")
    return Comparison(first.manifest, second.manifest, tuple(sorted(rows, key=_rank)), tuple(unreadable))


def _ask(predictors: tuple[Predictor, Predictor], opened: list[Opened]) -> list[Row]:
    images = [one.image for one in opened]
    first, second = (predictor.predict(images) for predictor in predictors)
    return [
        Row(one.question, _reply(one.question, this), _reply(one.question, that))
        for one, this, that in zip(opened, first, second, strict=True)
    ]


def _reply(question: Question, prediction: Prediction) -> Reply:
    right = None if question.expected is None else prediction.likeliest == question.expected
    return Reply(prediction.likeliest, prediction.score, right)


def _rank(row: Row) -> tuple[bool, bool]:
    return row.first.right == row.second.right, row.agree
