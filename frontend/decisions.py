"""Deciding on pictures of the library, for every page where that is done. Every call raises `ApiError`."""

from collections.abc import Sequence
from typing import Literal

from frontend.answers import Answer
from frontend.client import Api

Kind = Literal["label", "exclude", "include"]


class Decided(Answer):
    """`ids` are what to name to take it back."""

    decided: int
    ids: tuple[int, ...]


class Undone(Answer):
    undone: int


def decide(api: Api, image_ids: Sequence[int], kind: Kind, *, label: str | None, by: str | None) -> Decided:
    body = {"image_ids": list(image_ids), "kind": kind, "label": label, "reason": None, "by": by}
    return api.json(Decided, "POST", "/decisions", json=body)


def undo(api: Api, decision_ids: Sequence[int]) -> Undone:
    return api.json(Undone, "POST", "/decisions/undo", json={"ids": list(decision_ids)})
