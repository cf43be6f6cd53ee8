"""Queries on the keys to the service. A token is told once, to who makes it; what is kept is its SHA-256.

That is enough, with no salt and no slow hash: those protect what people think up. A token is 256 random bits
(`secrets.token_urlsafe`), and nobody finds what a SHA-256 of that was made of by trying.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from databases import models
from databases.errors import BadKey, KeyConflict, UnknownKey

Scope = Literal["predict", "review", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
MOST_A_MINUTE = 1_000_000

TOKEN_PREFIX = "mng_"  # by which people, and scanners of repositories, know one
TOKEN_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # it stands in the log


@dataclass(frozen=True)
class ApiKey:
    """`rate_limit`: requests a minute, None where the service's own holds."""

    name: str
    sha256: str = field(repr=False)
    scopes: tuple[str, ...]
    rate_limit: int | None
    created_at: datetime
    revoked_at: datetime | None

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes or "admin" in self.scopes


def digest(token: str) -> str:
    """By what a token is known."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_key(session: Session, name: str, scopes: Sequence[str], rate_limit: int | None = None) -> str:
    """Makes a key and returns its token, which nobody can tell again.

    Raises:
        BadKey: no key can have that name, that scope or that limit.
        KeyConflict: a key of that name is in use.
    """
    _check(name, scopes, rate_limit)
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    held = [scope for scope in SCOPES if scope in scopes]
    session.add(models.ApiKey(name=name, sha256=digest(token), scopes=held, rate_limit=rate_limit))
    try:
        session.flush()
    except IntegrityError:
        raise KeyConflict(f"a key called {name!r} is in use: choose another name, or revoke it") from None
    return token


def list_keys(session: Session) -> list[ApiKey]:
    """All keys, the newest first, those that were revoked too."""
    return [_known(row) for row in session.scalars(select(models.ApiKey).order_by(models.ApiKey.id.desc()))]


def active_keys(session: Session) -> list[ApiKey]:
    """The keys in use, the oldest first."""
    rows = select(models.ApiKey).where(models.ApiKey.revoked_at.is_(None)).order_by(models.ApiKey.id)
    return [_known(row) for row in session.scalars(rows)]


def revoke_key(session: Session, name: str) -> None:
    """Puts the key called `name` out of use, for good.

    Raises:
        UnknownKey: no key of that name is in use.
    """
    row = session.scalar(
        select(models.ApiKey).where(models.ApiKey.name == name, models.ApiKey.revoked_at.is_(None))
    )
    if row is None:
        used = ", ".join(sorted(key.name for key in active_keys(session))) or "none"
        raise UnknownKey(f"no key called {name!r} is in use; there are: {used}")
    row.revoked_at = models.now()
    session.flush()


def _check(name: str, scopes: Sequence[str], rate_limit: int | None) -> None:
    if not NAME.fullmatch(name):
        raise BadKey(
            f"no key can be called {name!r}: a name is up to 100 letters, digits, dots, dashes and "
            "underscores, a letter or digit first"
        )
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        found = f"unknown scope {unknown[0]!r}" if unknown else "a key without any scope opens nothing"
        raise BadKey(f"{found}; there are: {', '.join(SCOPES)}")
    if rate_limit is not None and not 1 <= rate_limit <= MOST_A_MINUTE:
        raise BadKey(f"a rate limit of {rate_limit} requests a minute: it can be 1 to {MOST_A_MINUTE:,}")


def _known(row: models.ApiKey) -> ApiKey:
    return ApiKey(row.name, row.sha256, tuple(row.scopes), row.rate_limit, row.created_at, row.revoked_at)
