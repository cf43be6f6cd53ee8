"""Pictures with their labels and answers, as a page shows them."""

from collections.abc import Iterable
from dataclasses import dataclass

from training.refusals import Stranger
from training.reporting.answers import Answered
from training.reporting.thumbnails import Thumbnail, thumbnail


@dataclass(frozen=True)
class Card:
    """`picture` is None where the file cannot be read any more; `probability` 0 to 1."""

    picture: Thumbnail | None
    uri: str
    split: str | None
    label: str
    answer: str
    probability: float
    right: bool


@dataclass(frozen=True)
class StrangerCard:
    """A picture that shows none of the labels, and what was answered; as a `Card` otherwise."""

    picture: Thumbnail | None
    name: str
    answer: str
    probability: float
    novelty: float


def cards(answered: Iterable[Answered]) -> tuple[Card, ...]:
    return tuple(
        Card(
            picture=thumbnail(one.image.place),
            uri=one.image.uri,
            split=one.image.split,
            label=one.label,
            answer=one.answer,
            probability=one.probability,
            right=one.right,
        )
        for one in answered
    )


def stranger_cards(strangers: Iterable[Stranger]) -> tuple[StrangerCard, ...]:
    return tuple(
        StrangerCard(
            picture=thumbnail(one.question.path),
            name=one.question.name,
            answer=one.answer,
            probability=one.probability,
            novelty=one.novelty,
        )
        for one in strangers
    )
