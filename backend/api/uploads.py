"""A picture that a client sends: as the file of a form, or as the whole body."""

from typing import Annotated, Any

from fastapi import File, Request, UploadFile

from backend.inference.decoding import FORMAT_NAMES

PictureFile = Annotated[UploadFile | None, File(description=f"A {FORMAT_NAMES} picture.")]
# What OpenAPI is told besides of the form.
AS_BODY: dict[str, Any] = {
    "requestBody": {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}


async def sent_picture(request: Request, file: UploadFile | None) -> bytes | None:
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
