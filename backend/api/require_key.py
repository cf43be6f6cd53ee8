"""Who asks, and may they? Told by the key that a request shows, before any byte of its body is read."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.errors import ApiError, problem_of
from backend.api.keyring import Keyring
from backend.api.needed_scopes import Need, needed_scopes
from databases.keys import ApiKey

KEY_HEADER = "X-API-Key"
CHALLENGE = {"WWW-Authenticate": "Bearer"}
STATE = "api_key"


class RequireKey:
    """Refuses who shows no key, or one that does not allow what is asked.

    FastAPI's own security comes too late: a form is read before the dependencies of its route.
    """

    def __init__(self, app: ASGIApp, keyring: Keyring) -> None:
        self._app = app
        self._keyring = keyring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None if scope["type"] == "lifespan" else self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem_of(refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ApiError | None:
        needed = needed_scopes(scope.get("method", "GET"), scope["path"])
        if needed is None:
            return None
        token = _shown(Headers(scope=scope))
        if token is None:
            return missing_key()
        key = self._keyring.find(token)
        if key is None:
            return invalid_key()
        scope.setdefault("state", {})[STATE] = key
        return None if any(map(key.allows, needed)) else missing_scope(key.name, needed)


def key_of(scope: Scope) -> ApiKey | None:
    """The key that a request showed, where it needed one."""
    key: ApiKey | None = scope.get("state", {}).get(STATE)
    return key


def missing_key() -> ApiError:
    detail = f"a key is needed here: send yours as {KEY_HEADER}, or as Authorization: Bearer"
    return ApiError(HTTPStatus.UNAUTHORIZED, "missing_key", detail, CHALLENGE)


def invalid_key() -> ApiError:
    detail = "this key is none of those in use: it may have been revoked, or cut short on the way"
    return ApiError(HTTPStatus.UNAUTHORIZED, "invalid_key", detail, CHALLENGE)


def missing_scope(name: str, needed: Need) -> ApiError:
    scopes = " or ".join(map(repr, needed))
    detail = f"the key {name!r} does not have the scope {scopes}, which this needs"
    return ApiError(HTTPStatus.FORBIDDEN, "missing_scope", detail)


def _shown(headers: Headers) -> str | None:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return headers.get(KEY_HEADER) or (bearer.strip() if scheme.lower() == "bearer" else "") or None
