"""What the Review page asks of the API. Every function raises `ApiError`."""

from datetime import datetime

from frontend.client import Api
from frontend.review.answers import QueuePage, Registry


def queue(api: Api, limit: int, *, reason: str | None, label: str | None, after: str | None) -> QueuePage:
    """The next of the queue, the most useful first; for one reason, and of one label, if given."""
    asked = {"reason": reason, "label": label, "after": after, "limit": str(limit)}
    params = {name: value for name, value in asked.items() if value is not None}
    return api.json(QueuePage, "GET", "/review/queue", params=params)


def learnt_until(api: Api) -> datetime | None:
    """When the newest model of the task that is served was made; None where the registry has none."""
    known = api.json(Registry, "GET", "/models")
    made = (model.created_at for model in known.models if model.task == known.serving.task)
    return max(made, default=None)
