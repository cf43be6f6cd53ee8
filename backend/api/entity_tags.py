"""Entity tags: a client that has an answer already is not sent it again."""

import re
from http import HTTPStatus

from fastapi import Request, Response

TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
SECONDS = 3600  # before a client asks whether its copy still holds


def caching(tag: str) -> dict[str, str]:
    """The headers of what is the same, byte for byte, as long as `tag` is; only its client may keep it."""
    return {"ETag": f'"{tag}"', "Cache-Control": f"private, max-age={SECONDS}"}


def has_already(request: Request, tag: str) -> bool:
    """Whether the client says that it holds what `tag` stands for (RFC 9110, 13.1.2: tags are compared
    weakly, and * stands for any)."""
    held = ", ".join(request.headers.getlist("if-none-match"))
    return held.strip() == "*" or f'"{tag}"' in TAG.findall(held)


def not_modified(tag: str) -> Response:
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=caching(tag))
