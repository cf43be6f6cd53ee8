"""A cap on request bodies, kept before and while they are read."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.errors import ApiError, problem_of

# What multipart wraps around files: boundaries, headers, a few small fields.
ENVELOPE = 64 * 1024


class BodyLimit:
    """Refuses bodies over `max_bytes`, or over what `by_path` says of their path: by their announced length
    at once, without one as soon as they exceed it."""

    def __init__(self, app: ASGIApp, max_bytes: int, by_path: Mapping[str, int]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._by_path = by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        allowed = self._by_path.get(scope["path"], self._max_bytes)
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > allowed + ENVELOPE:
            await problem_of(_too_large(allowed))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > allowed + ENVELOPE:
                raise _too_large(allowed)
            return message

        await self._app(scope, counted, send)


def _too_large(allowed: int) -> ApiError:
    detail = f"at most {allowed / 2**20:.0f} MiB are read"
    return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_bytes", detail)
