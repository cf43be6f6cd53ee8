"""What the Review page asks of the API. Every function raises `ApiError`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from frontend.client import Api
from frontend.review.answers import Decided, DecisionPage, QueuePage, Registry, Undone

Kind = Literal["label", "exclude"]


def queue(api: Api, limit: int, *, reason: str | None, label: str | None, after: str | None) -> QueuePage:
    """The next of the queue, the most useful first; for one reason, and of one label, if given."""
    asked = {"reason": reason, "label": label, "after": after, "limit": str(limit)}
    params = {name: value for name, value in asked.items() if value is not None}
    return api.json(QueuePage, "GET", "/review/queue", params=params)


def decide(api: Api, image_ids: Sequence[int], kind: Kind, *, label: str | None, by: str | None) -> Decided:
    body = {"image_ids": list(image_ids), "kind": kind, "label": label, "reason": None, "by": by}
    return api.json(Decided, "POST", "/decisions", json=body)


def undo(api: Api, decision_ids: Sequence[int]) -> Undone:
    return api.json(Undone, "POST", "/decisions/undo", json={"ids": list(decision_ids)})


def decisions(api: Api, limit: int) -> DecisionPage:
    """The newest first."""
    return api.json(DecisionPage, "GET", "/decisions", params={"limit": limit})


def learnt_until(api: Api) -> datetime | None:
    """When the model that serves was made; None where the registry does not know it."""
    known = api.json(Registry, "GET", "/models")
    return next((model.created_at for model in known.models if model.version == known.serving.version), None)
