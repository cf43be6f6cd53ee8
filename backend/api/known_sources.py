"""Is there such a root at all?"""

from http import HTTPStatus

from sqlalchemy.orm import Session

from backend.api.errors import ApiError
from backend.api.service import Service
from databases import library


def check_source(service: Service, session: Session, source: str) -> None:
    """Raises ApiError `unknown_source` where the serving model's task has no root of that name."""
    task = service.model.task
    if source not in library.root_names(session, task):
        detail = f"task {task!r} has no root {source!r}; menagerie roots list tells which there are"
        raise ApiError(HTTPStatus.NOT_FOUND, "unknown_source", detail)
