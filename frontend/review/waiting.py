"""A picture that waits to be decided on."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from frontend.review.answers import Queued


@dataclass(frozen=True)
class Waiting:
    """`picture`: a thumbnail as JPEG or WebP, None where there is none to be had. `until`: the last decision
    that was made when it was read."""

    item: Queued
    picture: bytes | None
    until: int | None = None

    @property
    def id(self) -> int:
        return self.item.image.id

    @property
    def best(self) -> str | None:
        """The label that a plain yes means: what is suggested, else the one it has; none where its neighbours
        doubt that one and nobody knows a better."""
        if self.item.suggestion is None and self.item.neighbours_disagree:
            return None
        return self.item.suggestion or self.item.image.label


def together(some: list[Waiting]) -> list[Waiting]:
    """Look-alikes side by side, as the API tells it, among those that wait for the same weightiest reason:
    urgency counts for more. Of those that the model has not seen, which keep the places that they have in the
    queue, such as are mixed up in the same way."""
    groups = (list(group) for _, group in groupby(some, key=_urgency))
    return [one for group in groups for one in _arranged(group)]


def _arranged(group: list[Waiting]) -> Iterator[Waiting]:
    seen = iter(sorted((one for one in group if one.item.likeness is not None), key=_likeness))
    others = [one for one in group if one.item.likeness is None]
    first: dict[tuple[str | None, ...], int] = {}
    for place, one in enumerate(others):
        first.setdefault(_mix_up(one), place)
    unseen = iter(sorted(others, key=lambda one: first[_mix_up(one)]))
    for one in group:
        yield next(unseen if one.item.likeness is None else seen)


def _urgency(one: Waiting) -> str | None:
    return next(iter(one.item.reasons), None)


def _likeness(one: Waiting) -> int:
    return one.item.likeness or 0


def _mix_up(one: Waiting) -> tuple[str | None, ...]:
    return one.item.image.label, one.item.suggestion
