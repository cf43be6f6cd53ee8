"""What people write, and who they are."""

from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator, Field, StringConstraints

from backend.api.guard import is_key_needed
from backend.api.require_key import key_of
from backend.api.service import Service
from databases.keys import SCOPES

LONGEST_NAME, LONGEST_LABEL, LONGEST_TEXT = 100, 200, 2000


def _in_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it may hold printable characters only, in one line")
    return text


def _in_lines(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("it may hold printable characters and line breaks only")
    return text


Label = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_LABEL), AfterValidator(_in_one_line)
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_NAME), AfterValidator(_in_one_line)
]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT), AfterValidator(_in_lines)
]
By = Annotated[
    Name | None,
    Field(description="Who says so, as they call themselves. Where keys are needed, the key's name counts."),
]


def who(request: Request, by: str | None) -> str | None:
    """Whose word a request is: its key's name, or what they call themselves where no key is needed."""
    key = key_of(request.scope)
    return key.name if key is not None else by or None


def scopes_of(request: Request, service: Service) -> tuple[str, ...]:
    """What the request's key allows; everything where none is needed."""
    key = key_of(request.scope)
    if key is None or not is_key_needed(service.settings):
        return SCOPES
    return key.scopes


def may_review(request: Request, service: Service) -> bool:
    """Whether who asks may decide what pictures show, and so look at what people sent for that."""
    return not {"review", "admin"}.isdisjoint(scopes_of(request, service))
