"""A service that wants a key, and keys to it."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.api.app import create_app
from databases import keys
from tests.backend.api.conftest import Library


def make_key(engine: Engine, name: str, *scopes: str, rate_limit: int | None = None) -> str:
    """The token of a new key; it may predict if no scope is said."""
    with Session(engine) as session, session.begin():
        return keys.add_key(session, name, scopes or ["predict"], rate_limit)


def revoke(engine: Engine, name: str) -> None:
    with Session(engine) as session, session.begin():
        keys.revoke_key(session, name)


def shown(token: str) -> dict[str, str]:
    """The header that shows it."""
    return {"x-api-key": token}


def guarded_app(library: Library, **changes: object) -> FastAPI:
    return create_app(library.settings.model_copy(update={"auth": "on"} | changes))


@contextmanager
def guarded(library: Library, **changes: object) -> Iterator[TestClient]:
    """A client of a service that wants a key, unless the changed settings say otherwise."""
    with TestClient(guarded_app(library, **changes), raise_server_exceptions=False) as client:
        yield client
