"""A picture that waits to be decided on."""

from dataclasses import dataclass

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
        """The label that a plain yes means: what is suggested, else the one it has."""
        return self.item.suggestion or self.item.image.label


def together(some: list[Waiting]) -> list[Waiting]:
    """Look-alikes side by side, as the API tells it. After them those that the model has not seen: such as
    are mixed up in the same way side by side, each group where its first one was."""
    seen = sorted((one for one in some if one.item.likeness is not None), key=_likeness)
    others = [one for one in some if one.item.likeness is None]
    first: dict[tuple[str | None, ...], int] = {}
    for place, one in enumerate(others):
        first.setdefault(_mix_up(one), place)
    return seen + sorted(others, key=lambda one: first[_mix_up(one)])


def _likeness(one: Waiting) -> int:
    return one.item.likeness or 0


def _mix_up(one: Waiting) -> tuple[str | None, ...]:
    return next(iter(one.item.reasons), None), one.item.image.label, one.item.suggestion
