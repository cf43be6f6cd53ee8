"""A picture that waits, as the browser shows it."""

from collections.abc import Iterable

from pydantic import BaseModel

from frontend.review.waiting import Waiting
from frontend.review.wording import reasons, why

KEYS = 9


class Card(BaseModel):
    """`best`: what a plain yes means. `names`: the labels that the keys 1 to 9 give, in their order.
    `measures`: whether it is used to measure models."""

    id: int
    name: str
    label: str | None
    best: str | None
    names: list[str]
    reasons: list[str]
    why: list[str]
    measures: bool
    pictured: bool


def card(one: Waiting, labels: Iterable[str]) -> Card:
    """`labels`: all there are, the most frequent first."""
    item = one.item
    return Card(
        id=one.id,
        name=item.image.file_name,
        label=item.image.label,
        best=one.best,
        names=_names(one, labels),
        reasons=reasons(item),
        why=why(item),
        measures=item.image.split == "test",
        pictured=one.picture is not None,
    )


def _names(one: Waiting, labels: Iterable[str]) -> list[str]:
    item = one.item
    answered = item.answer.label if item.answer else None
    nearest = item.nearest.label if item.nearest else None
    likely = [item.suggestion, item.image.label, *(said.label for said in item.said), answered, nearest]
    return list(dict.fromkeys(name for name in [*likely, *labels] if name))[:KEYS]
