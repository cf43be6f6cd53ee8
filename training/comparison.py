"""Two bundles on the same pictures, side by side."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from backend.certainty import PairedTest, Share, mcnemar, wilson
from backend.inference.bundle import Bundle
from backend.inference.manifest import Manifest
from backend.inference.prediction import Prediction, Predictor
from databases.answers import NewAnswer
from training.answering import new_answer
from training.errors import NoPictures
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
    """A picture and both replies; `learnt`: whether each of the two was trained on it or chosen by it.
    `said`: both replies to a picture of the library, as they can be kept."""

    question: Question
    first: Reply
    second: Reply
    learnt: tuple[bool, bool] = (False, False)
    said: tuple[NewAnswer, NewAnswer] | None = None

    @property
    def agree(self) -> bool:
        return self.first.label == self.second.label


@dataclass(frozen=True)
class Comparison:
    """What `first` and `second` answered. `rows` begin with those where one is right and the other wrong,
    then those where the answers differ; those that one learnt from come last.

    Only rows with an expected label that neither learnt from are `counted`: a model knows by heart what it
    was trained on. `unsure` are the versions of which nobody knows what they learnt from.
    """

    first: Manifest
    second: Manifest
    rows: tuple[Row, ...]
    unreadable: tuple[Unreadable, ...]
    unsure: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[list[NewAnswer], list[NewAnswer]]:
        """What each of the two answered to pictures of the library."""
        told = [row.said for row in self.rows if row.said is not None]
        return [first for first, _ in told], [second for _, second in told]

    @cached_property
    def labelled(self) -> tuple[Row, ...]:
        """The rows with an expected label, those among them that one of the two learnt from."""
        return tuple(row for row in self.rows if row.question.expected is not None)

    @cached_property
    def counted(self) -> tuple[Row, ...]:
        return tuple(row for row in self.labelled if not any(row.learnt))

    @property
    def shares(self) -> tuple[Share, Share]:
        """How often each was right; a label that it was never taught is one that it gets wrong."""
        return _shares(self.counted)

    @property
    def shares_of_all(self) -> tuple[Share, Share]:
        """The same with the pictures that one of the two learnt from."""
        return _shares(self.labelled)

    @property
    def learnt(self) -> tuple[int, int]:
        """How many of the labelled pictures each learnt from."""
        first, second = (sum(row.learnt[which] for row in self.labelled) for which in (0, 1))
        return first, second

    @property
    def test(self) -> PairedTest:
        pairs = [(bool(row.first.right), bool(row.second.right)) for row in self.counted]
        return mcnemar(pairs.count((True, False)), pairs.count((False, True)))

    @property
    def untaught(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The expected labels that each does not know, and so cannot get right."""
        expected = {str(row.question.expected) for row in self.counted}
        return (
            tuple(sorted(expected - set(self.first.labels))),
            tuple(sorted(expected - set(self.second.labels))),
        )


# SHA-256 of the files that a model learnt from, and of those that show the same; None where nobody knows.
Contents = Set[str] | None
NOTHING: Contents = frozenset()


def compare(
    first: Bundle,
    second: Bundle,
    questions: Sequence[Question],
    progress: Progress,
    learnt: tuple[Contents, Contents] = (NOTHING, NOTHING),
) -> Comparison:
    """Asks both about each picture, along the path that serves. `learnt`: what each learnt from.

    Raises:
        NoPictures: not one of them can be read.
    """
    predictors = Predictor(first), Predictor(second)
    rows: list[Row] = []
    unreadable: list[Unreadable] = []
    with progress.track("Asking both", len(questions)) as advance:
        for batch in open_all(questions, max(each.manifest.preprocessing.least for each in predictors)):
            unreadable += [one for one in batch if isinstance(one, Unreadable)]
            rows += _ask(predictors, [one for one in batch if isinstance(one, Opened)], learnt)
            advance(len(batch))
    if not rows:
        raise NoPictures(f"none of the {len(unreadable)} pictures can be read: {unreadable[0].reason}")
    manifests = first.manifest, second.manifest
    unsure = {one.version for one, known in zip(manifests, learnt, strict=True) if known is None}
    return Comparison(*manifests, tuple(sorted(rows, key=_rank)), tuple(unreadable), tuple(sorted(unsure)))


def _ask(
    predictors: tuple[Predictor, Predictor], opened: list[Opened], learnt: tuple[Contents, Contents]
) -> list[Row]:
    images = [one.image for one in opened]
    first, second = (predictor.predict(images) for predictor in predictors)
    return [
        Row(
            one.question,
            _reply(one.question, this),
            _reply(one.question, that),
            (one.sha256 in (learnt[0] or ()), one.sha256 in (learnt[1] or ())),
            _said(one, this, that),
        )
        for one, this, that in zip(opened, first, second, strict=True)
    ]


def _said(opened: Opened, this: Prediction, that: Prediction) -> tuple[NewAnswer, NewAnswer] | None:
    if (image_id := opened.question.image_id) is None:
        return None
    return new_answer(image_id, opened.sha256, this), new_answer(image_id, opened.sha256, that)


def _reply(question: Question, prediction: Prediction) -> Reply:
    right = None if question.expected is None else prediction.likeliest == question.expected
    return Reply(prediction.likeliest, prediction.score, right)


def _rank(row: Row) -> tuple[bool, bool, bool]:
    return any(row.learnt), row.first.right == row.second.right, row.agree


def _shares(rows: Sequence[Row]) -> tuple[Share, Share]:
    first, second = (sum(bool(reply.right) for reply in replies) for replies in _replies(rows))
    return wilson(first, len(rows)), wilson(second, len(rows))


def _replies(rows: Sequence[Row]) -> tuple[list[Reply], list[Reply]]:
    return [row.first for row in rows], [row.second for row in rows]
