"""Request bodies are read as far as they may go: so large, for so long, and so much of all of them at
once."""

from asyncio import get_running_loop, timeout_at
from collections.abc import Mapping
from http import HTTPStatus

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.errors import ApiError, problem_of
from backend.api.settings import ENVELOPE, Settings
from backend.api.turns import overloaded

# What comes is handed on in pieces of so many bytes, not of the 64 KiB in which it comes: each costs the same
# of Python, for the form's reader most of all. Most pictures are one.
PIECE_BYTES = 4 * 2**20
FORM = b"multipart/form-data"
LARGE = (FORM, b"image/", b"application/octet-stream", b"application/zip", b"application/x-zip")
# JSON and forms without files: parsed in one go, while everybody else waits.
MOST_TEXT_BYTES = 2**20
# Of what forms say they are written in, Python reads some in time that grows with the square of the length.
CHARSETS = frozenset((b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"latin-1"))


class BodyLimit:
    """Refuses a body of more bytes than the settings, or `by_path`, allow for pictures, or of more text than
    anybody has to say: by its announced length at once, and without one as soon as it is too long; one that
    takes too long to come; and one for which there is no memory beside the others. `held`: bytes of all of
    them."""

    def __init__(self, app: ASGIApp, settings: Settings, by_path: Mapping[str, int]) -> None:
        self._app = app
        self._max_bytes = settings.max_upload_bytes
        self._by_path = by_path
        self.max_held = settings.max_held_bytes
        self.seconds = settings.upload_seconds
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind, charset = _kind(headers.get("content-type", ""))
        allowed = self._by_path.get(scope["path"], self._max_bytes)
        if not kind.startswith(LARGE):
            allowed = min(allowed, MOST_TEXT_BYTES)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > allowed + ENVELOPE:
            await problem_of(_too_large(allowed))(scope, receive, send)
            return
        if kind == FORM and charset not in CHARSETS:
            await problem_of(_unusual_charset())(scope, receive, send)
            return
        body = Body(self, allowed, receive)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self.held -= body.received


class Body:
    """The body of one request, of which `allowed` bytes are read; `received`: bytes so far."""

    def __init__(self, limit: BodyLimit, allowed: int, receive: Receive) -> None:
        self.received = 0
        self._allowed = allowed
        self._limit = limit
        self._receive = receive
        self._until = get_running_loop().time() + limit.seconds
        self._is_whole = False

    async def receive(self) -> Message:
        """The next message: a piece of the body, or that the client has gone.

        Raises:
            ApiError: `too_many_bytes`, `too_slow` or `overloaded`.
        """
        if self._is_whole:  # what comes now is that the client goes
            return await self._receive()
        try:
            async with timeout_at(self._until):
                return await self._next_piece()
        except TimeoutError:
            raise _too_slow(self._limit.seconds) from None

    async def _next_piece(self) -> Message:
        parts, size = list[bytes](), 0
        while size < PIECE_BYTES and not self._is_whole:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            self._is_whole = not message.get("more_body", False)
            self._count(len(parts[-1]))
        return {"type": "http.request", "body": b"".join(parts), "more_body": not self._is_whole}

    def _count(self, size: int) -> None:
        self.received += size
        self._limit.held += size
        if self.received > self._allowed + ENVELOPE:
            raise _too_large(self._allowed)
        if self._limit.held > self._limit.max_held:
            raise overloaded("the pictures of others take all memory that there is for them")


def _kind(content_type: str) -> tuple[bytes, bytes]:
    """What a body is, and the charset that it says it is in, in small letters."""
    if "charset" not in content_type.lower():  # and so nearly always: to look for options takes long
        return content_type.partition(";")[0].strip().lower().encode("latin-1"), b"utf-8"
    kind, options = parse_options_header(content_type)
    return kind, options.get(b"charset", b"utf-8").lower()


def _too_large(allowed: int) -> ApiError:
    detail = f"at most {allowed / 2**20:.0f} MiB are read"
    return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_bytes", detail)


def _unusual_charset() -> ApiError:
    detail = "text is read in UTF-8 here: leave charset out of the form's Content-Type"
    return ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_charset", detail)


def _too_slow(seconds: float) -> ApiError:
    detail = f"the picture did not come within {seconds:g} seconds"
    return ApiError(HTTPStatus.REQUEST_TIMEOUT, "too_slow", detail, {"Connection": "close"})
