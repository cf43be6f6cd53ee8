"""A cap on request bodies, kept before and while they are read."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.errors import ApiError, problem_of

# What multipart wraps around a file: boundaries, headers, a few small fields.
ENVELOPE = 64 * 1024


class BodyLimit:
    """Refuses bodies over `max_bytes`: by their announced length at once, without one as soon as they
    exceed it."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes + ENVELOPE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > self._max_bytes:
            await problem_of(self._too_large())(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> ApiError:
        allowed = (self._max_bytes - ENVELOPE) / 2**20
        return ApiError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_bytes", f"at most {allowed:.0f} MiB are read"
        )
