"""Every failure as application/problem+json with a stable code. One table says which status; a bug stays a
500."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DatabaseError, DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from backend.api.schemas import Problem
from backend.inference.errors import NoTextNetwork, UnreadableCode, UnreadableImage, UnusableText
from backend.inference.text import RETRY_SECONDS
from backend.unzipping.errors import ArchiveCode, EntryCode, UnreadableEntry, UnusableArchive
from databases.engine import has_nul, is_busy, is_full
from databases.errors import BadLabel, NothingToUndo

log = logging.getLogger(__name__)

STATUS_OF_PICTURES: dict[UnreadableCode, HTTPStatus] = {
    "empty_file": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "unsupported_format": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "truncated_image": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "corrupt_image": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "too_many_bytes": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_many_pixels": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
STATUS_OF_ARCHIVES: dict[ArchiveCode | EntryCode, HTTPStatus] = {
    "bad_archive": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "archive_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_many_items": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "encrypted_entry": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "unsupported_compression": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "broken_entry": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
OF_DECISIONS: dict[type[Exception], tuple[HTTPStatus, str]] = {
    BadLabel: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_label"),
    NothingToUndo: (HTTPStatus.CONFLICT, "nothing_to_undo"),
}
CODE_OF_STATUS = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
}

BUG = "internal_error", "something went wrong here"
CLIENT_CLOSED_REQUEST = 499  # as nginx has it
SEND_A_PICTURE = "send the picture as the file of a form, as this does: curl -F file=@cat.jpg ..."
SEND_PICTURES = (
    "send pictures as files of a form, or one zip of them, as these do: "
    "curl -F files=@cat.jpg -F files=@dog.jpg ...; curl -F files=@pets.zip ..."
)
TEXTS_UNAVAILABLE = (
    "texts cannot be read now, as the model's files for them do not load: send a picture in their place; the "
    "service's log says what is wrong with the files"
)
BUSY = "nothing was written, as something large is being written just now: try again in a moment"
BUSY_RETRY_SECONDS = 5
FULL = "nothing was written, as there is no room left where the service keeps what it is told"
FULL_RETRY_SECONDS = 60
NUL = "a text has a NUL character (U+0000) in it, which the database keeps none of"
SHOULD_BE = "Input should be "


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class ApiError(HTTPException):
    """A failure with a code of its own."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code


def problem(
    status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    body = _described(status, code, detail)
    return JSONResponse(body.model_dump(), status, headers, media_type="application/problem+json")


def problem_with_item(error: UnreadableImage | UnreadableEntry) -> Problem:
    """What one picture among others could not be answered for."""
    if isinstance(error, UnreadableImage):
        return _described(STATUS_OF_PICTURES[error.code], error.code, str(error))
    return _described(STATUS_OF_ARCHIVES[error.code], error.code, str(error))


def bug_with_item() -> Problem:
    return _described(HTTPStatus.INTERNAL_SERVER_ERROR, *BUG)


def problem_of(error: HTTPException) -> JSONResponse:
    status = HTTPStatus(error.status_code)
    code = error.code if isinstance(error, ApiError) else CODE_OF_STATUS.get(status, "http_error")
    return problem(status, code, str(error.detail), error.headers)


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the failures that a route may answer with."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {int(status): {"model": Problem, "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Makes `app` answer every failure that was foreseen as a problem."""
    app.add_exception_handler(UnreadableImage, _unreadable)
    app.add_exception_handler(UnusableArchive, _unusable)
    app.add_exception_handler(UnusableText, _unusable_text)
    app.add_exception_handler(NoTextNetwork, _no_text_network)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientGone, _gone)
    app.add_exception_handler(ClientDisconnect, _gone)  # while its body was read
    app.add_exception_handler(RequestValidationError, _invalid)
    for error in OF_DECISIONS:
        app.add_exception_handler(error, _undecided)
    for error in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(error, _database)
    app.add_exception_handler(DataError, _unkeepable)
    app.add_exception_handler(DatabaseError, _damaged)


def _described(status: HTTPStatus, code: str, detail: str) -> Problem:
    return Problem(title=status.phrase, status=status, code=code, detail=detail)


def _unreadable(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UnreadableImage)
    return problem(STATUS_OF_PICTURES[error.code], error.code, str(error))


def _unusable(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UnusableArchive)
    return problem(STATUS_OF_ARCHIVES[error.code], error.code, str(error))


def _unusable_text(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UnusableText)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, str(error))


def _no_text_network(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NoTextNetwork)
    if error.fresh:
        log.error("no text can be read: %s; restore the bundle's files, or promote another model", error)
    headers = {"Retry-After": str(int(RETRY_SECONDS))}
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "text_search_unavailable", TEXTS_UNAVAILABLE, headers)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ClientDisconnect):  # to FastAPI, its form was malformed
        return _gone(request, error)
    return problem_of(error)


def _gone(_: Request, error: Exception) -> Response:
    del error
    return Response(status_code=CLIENT_CLOSED_REQUEST)  # for the log: nobody reads it


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", _sentence(error.errors()[0]))


def _sentence(error: dict[str, Any]) -> str:
    """What pydantic found, as a person would say it."""
    name = str(error["loc"][-1])
    if error["loc"] == ("body", "file"):  # sent as text
        return SEND_A_PICTURE
    expected, *_ = str(error["msg"]).partition(", unable to parse")
    if not expected.startswith(SHOULD_BE):
        return f"{name}: {expected}"
    return f"{name} should be {expected.removeprefix(SHOULD_BE)}, not {str(error['input'])[:50]!r}"


def _undecided(_: Request, error: Exception) -> JSONResponse:
    status, code = OF_DECISIONS[type(error)]
    return problem(status, code, str(error))


def _database(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, OperationalError) and is_busy(error):
        log.warning("a write gave up, as somebody else was writing all the while: %s", error.orig)
        headers = {"Retry-After": str(BUSY_RETRY_SECONDS)}
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "database_busy", BUSY, headers)
    if isinstance(error, OperationalError) and is_full(error):
        log.error("nothing more can be written: the database's disk is full")
        headers = {"Retry-After": str(FULL_RETRY_SECONDS)}
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "storage_full", FULL, headers)
    log.error("the database failed: %s", str(error).splitlines()[0])
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable", "the database does not answer")


def _unkeepable(_: Request, error: Exception) -> JSONResponse:
    """Whatever else PostgreSQL does not take is a bug."""
    assert isinstance(error, DataError)
    if not has_nul(error):
        raise error
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", NUL)


def _damaged(request: Request, error: Exception) -> JSONResponse:
    """Of this very kind are SQLite's where the file is no database any more; those below it are bugs."""
    if type(error) is not DatabaseError:
        raise error
    return _database(request, error)


def bug() -> JSONResponse:
    """What a stranger is told of a bug of ours: nothing."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, *BUG)
