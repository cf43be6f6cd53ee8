"""The pictures of one request: the files of a form, or a zip as its only file or as the whole body."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from backend.api.errors import SEND_PICTURES, ApiError
from backend.api.settings import Settings
from backend.api.uploads import content_kind
from backend.inference.decoding import FORMAT_NAMES, START_BYTES, check_start
from backend.unzipping.archive import Archive
from backend.unzipping.directory import Entry, ZipLimits

FIELD = "files"
ZIP_KINDS = ("application/zip", "application/x-zip-compressed")
ZIP_STARTS = (b"PK\3\4", b"PK\5\6")  # the second: of an empty one
IN_MEMORY_BYTES = 2**20  # as the files of forms
MAX_NAME = 200

_BINARY = {"type": "string", "format": "binary"}
_FILES = {
    "type": "array",
    "items": _BINARY,
    "description": f"{FORMAT_NAMES} pictures, or one zip of them.",
}
AS_BATCH: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": [FIELD], "properties": {FIELD: _FILES}}
            },
            ZIP_KINDS[0]: {"schema": _BINARY},
        },
    }
}


@dataclass(frozen=True)
class SentPicture:
    """`name`: for people. `size`: how many bytes `read` has to do with at most; it may raise UnreadableImage
    or UnreadableEntry."""

    name: str
    size: int
    read: Callable[[], bytes]


@asynccontextmanager
async def sent_pictures(request: Request, settings: Settings) -> AsyncIterator[list[SentPicture]]:
    """The pictures in the order sent; they can be read until the block ends.

    Raises:
        ApiError: `invalid_request`: it holds none, or is neither a form nor a zip; `too_many_items`.
        UnusableArchive: as `read_directory` does.
    """
    if content_kind(request) in ZIP_KINDS:
        body = UploadFile(cast(BinaryIO, SpooledTemporaryFile(IN_MEMORY_BYTES)))  # noqa: SIM115 - closed below
        try:
            async for chunk in request.stream():
                await body.write(chunk)
            yield _unless_none(await to_thread.run_sync(_unpacked, body.file, settings))
        finally:
            await body.close()
        return
    try:
        form = await request.form(max_files=settings.max_batch_items, max_fields=0)
    except HTTPException as error:
        raise _as_told(error, settings) from None
    try:
        yield _unless_none(await _of_form(form, settings))
    finally:
        await form.close()


async def _of_form(form: FormData, settings: Settings) -> list[SentPicture]:
    files = [file for name, file in form.multi_items() if name == FIELD and isinstance(file, UploadFile)]
    if len(files) < len(form.multi_items()):
        raise _invalid()
    # What browsers send where no file was chosen.
    files = [file for file in files if file.filename or file.size]
    if len(files) == 1 and await _is_zip(files[0]):
        return await to_thread.run_sync(_unpacked, files[0].file, settings)
    return [SentPicture(_printable(file.filename or ""), file.size or 0, file.file.read) for file in files]


async def _is_zip(file: UploadFile) -> bool:
    start = await file.read(len(ZIP_STARTS[0]))
    await file.seek(0)
    return start in ZIP_STARTS


def _unpacked(file: BinaryIO, settings: Settings) -> list[SentPicture]:
    archive = Archive(file, ZipLimits(settings.max_batch_items, settings.max_batch_bytes))
    return [
        SentPicture(_printable(entry.name), entry.most_bytes, partial(_read, archive, entry))
        for entry in archive.files
    ]


def _read(archive: Archive, entry: Entry) -> bytes:
    # What cannot be a picture is not worth unpacking: a bomb's zeros, or an archive in the archive.
    check_start(archive.read_start(entry, START_BYTES))
    return archive.read(entry)


def _printable(name: str) -> str:
    """A name to be shown: what is no letter or sign in it could do things to a terminal or a page."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:MAX_NAME])


def _unless_none(pictures: list[SentPicture]) -> list[SentPicture]:
    if not pictures:
        raise _invalid()
    return pictures


def _as_told(error: HTTPException, settings: Settings) -> HTTPException:
    """What the reader of forms says of too much in one, as this service says it."""
    if str(error.detail).startswith("Too many files"):
        detail = f"at most {settings.max_batch_items} pictures are answered at a time"
        return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_items", detail)
    return _invalid() if str(error.detail).startswith("Too many fields") else error


def _invalid() -> ApiError:
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", SEND_PICTURES)
