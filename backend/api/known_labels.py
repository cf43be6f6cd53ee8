"""Is there such a label at all? No picture of it, and no such label, are two answers."""

from http import HTTPStatus

from sqlalchemy.orm import Session

from backend.api.errors import ApiError
from backend.api.service import Service
from databases import library


def check_label(service: Service, session: Session, label: str) -> None:
    """Raises ApiError `unknown_label` where neither the model nor any picture of its task knows the label."""
    task = service.model.task
    if label in service.predictor.manifest.labels or library.carries(session, task, label):
        return
    detail = f"task {task!r} has no label {label!r}; those it has are listed at GET /labels"
    raise ApiError(HTTPStatus.NOT_FOUND, "unknown_label", detail)
