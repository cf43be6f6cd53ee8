"""What routes ask for by type."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from backend.api import notes
from backend.api.service import Service
from backend.api.succession import Succession


async def get_succession(request: Request) -> Succession:
    """Who knows which model serves now, and whether the database answers."""
    succession: Succession = request.app.state.succession
    return succession


SuccessionDep = Annotated[Succession, Depends(get_succession)]


def serving_now(request: Request) -> Service:
    """The model that serves now: a request keeps it to its end, whoever is promoted meanwhile."""
    succession: Succession = request.app.state.succession
    service = succession.service
    if noted := notes.current.get():
        noted.version = service.model.version
    return service


async def get_service(request: Request) -> Service:
    """As `serving_now`."""
    return serving_now(request)


ServiceDep = Annotated[Service, Depends(get_service)]


def get_session(service: ServiceDep) -> Iterator[Session]:
    """A session that can only read."""
    with Session(service.reader) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
