"""A picture that a client sends: as the file of a form, or as the whole body."""

import re
from typing import Annotated, Any

from fastapi import File, Request
from fastapi import UploadFile as SentFile
from starlette.datastructures import UploadFile

from backend.inference.decoding import FORMAT_NAMES

FIELD = "file"
FORM = "multipart/form-data"
# How programs and browsers say that a form's first field is the file `file`.
BOUNDARY = re.compile(r"multipart/form-data; ?boundary=([A-Za-z0-9'_-]{1,70})")
HEAD = re.compile(
    rb'\r\nContent-Disposition: form-data; name="' + FIELD.encode() + rb'"; filename="[^"\r\n\\]+"'
    rb"(?:\r\nContent-Type: [A-Za-z0-9!#$&^_.+/-]+)?\r\n\r\n"
)
MOST_HEAD = 1024  # bytes, several times what a long name takes
DESCRIPTION = f"A {FORMAT_NAMES} picture."
PictureFile = Annotated[SentFile | None, File(description=DESCRIPTION)]
_BINARY = {"type": "string", "format": "binary"}
_FORM = {
    "type": "object",
    "required": [FIELD],
    "properties": {FIELD: _BINARY | {"description": DESCRIPTION}},
}
# What OpenAPI is told besides of the form.
AS_BODY: dict[str, Any] = {"requestBody": {"content": {"image/*": {"schema": _BINARY}}}}
# And where FastAPI knows of no form either.
AS_FORM_OR_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {FORM: {"schema": _FORM}, "image/*": {"schema": _BINARY}},
    }
}


async def lone_picture(request: Request) -> bytes | None:
    """As `sent_picture`, where nothing but the file is asked of a form; a wrong query is refused before.

    Most forms are as plain as `curl -F` sends them, and those are taken apart at once: the reader of all
    forms, and FastAPI's looking for the file in what it read, take 0.2 ms, which shows at hundreds of
    pictures a second.

    Raises:
        HTTPException: 400: the form is malformed.
        ClientDisconnect: the client went away before all had come.
    """
    if content_kind(request) != FORM:
        return await sent_picture(request, None)
    body = await request.body()
    if (picture := _plain_file(body, request.headers["content-type"])) is not None:
        return picture
    async with request.form() as form:
        file = form.get(FIELD)
        if not isinstance(file, UploadFile) or not (file.filename or file.size):
            return None  # a browser sends a file without a name or bytes where nobody chose one
        return await file.read()


def _plain_file(body: bytes, content_type: str) -> bytes | None:
    """What the field `file` holds where a form is one file, plainly said; None where it is anything else, or
    malformed."""
    if not (boundary := BOUNDARY.fullmatch(content_type)):
        return None
    line = b"--" + boundary[1].encode("ascii")
    end = b"\r\n" + line + b"--"
    begins = body.find(b"\r\n\r\n", 0, MOST_HEAD) + 4
    ends = len(body.removesuffix(b"\r\n")) - len(end)
    if begins < 4 or ends < begins or not body.startswith(line):
        return None
    if not body.startswith(end, ends) or body.find(end[:-2], begins) != ends:
        return None
    return body[begins:ends] if HEAD.fullmatch(body[:begins].removeprefix(line)) else None


async def sent_picture(request: Request, file: SentFile | None) -> bytes | None:
    """The bytes of the form's `file`, or of a body that says it is a picture; None where it is neither."""
    if file is not None:
        return await file.read()
    kind = content_kind(request)
    if kind.startswith("image/") or kind == "application/octet-stream":
        return await request.body()
    return None


def content_kind(request: Request) -> str:
    """What the body says that it is, such as `image/jpeg`."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
