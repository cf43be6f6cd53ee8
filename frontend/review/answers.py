"""What the API answers on the queue and on decisions, as far as the page uses it."""

from datetime import datetime

from frontend.answers import Answer, LibraryImage, ModelName


class ReviewImage(LibraryImage):
    split: str | None = None


class Opinion(Answer):
    """What the model that serves answers to a picture; `score` is a probability."""

    label: str
    score: float
    verdict: str


class Nearest(Answer):
    """The label that most of `asked` pictures carry, the nearest that have one: `count` of them."""

    label: str
    count: int
    asked: int


class Said(Answer):
    """What a person said of an answer; `label`: the right one as they see it."""

    correct: bool = False
    label: str | None
    comment: str | None
    by: str | None


class Queued(Answer):
    """A picture to decide on. `reasons`: why, the weightiest first. `suggestion`: the label to confirm.

    `agreement`: the share, 0 to 1, of the pictures nearest to it that carry the answer's label; `nearest`:
    which label most of these carry, None where that is not known.
    `likeness`: its place on the page of the queue when look-alikes stand side by side, None where the model
    has not seen it.
    """

    image: ReviewImage
    reasons: tuple[str, ...]
    suggestion: str | None
    answer: Opinion | None
    agreement: float | None
    nearest: Nearest | None = None
    likeness: int | None
    said: tuple[Said, ...] = ()

    @property
    def neighbours_disagree(self) -> bool:
        """Whether its neighbours carry another label, while the model takes its own for right."""
        agrees = self.answer is not None and self.answer.label == self.image.label
        return agrees and "disagrees" in self.reasons


class QueuePage(Answer):
    """`counts`: how many wait for each reason; one picture may wait for several.
    `unanswered`: pictures that no model has looked at yet. `decided_until`: sent along with
    decisions on these."""

    total: int
    counts: dict[str, int]
    items: tuple[Queued, ...]
    next_after: str | None
    unanswered: int = 0
    decided_until: int | None = None


class RegisteredModel(Answer):
    version: str
    task: str
    created_at: datetime


class Registry(Answer):
    serving: ModelName
    models: tuple[RegisteredModel, ...]
