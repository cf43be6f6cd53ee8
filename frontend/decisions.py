"""Deciding on pictures of the library, for every page where that is done. Every call raises `ApiError`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from frontend.answers import Answer
from frontend.client import Api

Kind = Literal["label", "exclude", "include"]


class Decision(Answer):
    """`image_id` is None where the library no longer holds such a picture."""

    id: int
    image_id: int | None
    file_name: str | None
    kind: str
    label: str | None
    by: str | None
    made_at: datetime
    undone_at: datetime | None


class DecisionPage(Answer):
    items: tuple[Decision, ...]


class Overtaken(Answer):
    image_id: int
    decision: Decision


class Decided(Answer):
    """`ids` are what to name to take it back. `overtaken`: what somebody else had decided on meanwhile."""

    decided: int
    ids: tuple[int, ...]
    overtaken: tuple[Overtaken, ...] = ()


class Undone(Answer):
    undone: int


def decide(
    api: Api,
    image_ids: Sequence[int],
    kind: Kind,
    *,
    label: str | None,
    by: str | None,
    until: int | None = None,
) -> Decided:
    """`until`: the last decision that was made when the visitor saw these pictures. What came after it
    stands. Without it, this decision counts for more than any before."""
    body = {"image_ids": list(image_ids), "kind": kind, "label": label, "reason": None, "by": by}
    seen = {} if until is None else {"decided_until": until}
    return api.json(Decided, "POST", "/decisions", json=body | seen)


def latest(api: Api, limit: int) -> tuple[Decision, ...]:
    """The newest first."""
    return api.json(DecisionPage, "GET", "/decisions", params={"limit": limit}).items


def undo(api: Api, decision_ids: Sequence[int]) -> Undone:
    return api.json(Undone, "POST", "/decisions/undo", json={"ids": list(decision_ids)})
