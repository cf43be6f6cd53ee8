"""Who may come in, as set from outside."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from databases.keys import MOST_A_MINUTE
from databases.settings import StateSettings


class GuardSettings(StateSettings):
    """`auth`: whether a key is needed; by default where others than this machine reach the service.
    `published`: the address at which a container's port is published, which then decides that.
    `rate_limit`: requests a minute of a key with no limit of its own, and of a client where no key is needed.
    `cors_origins`: the websites whose pages may ask from a browser, separated by commas.
    """

    auth: Literal["auto", "on", "off"] = "auto"
    published: str | None = None
    rate_limit: int | None = Field(default=None, ge=1, le=MOST_A_MINUTE)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _separate(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not _is_origin(origin):
                raise PydanticCustomError(
                    "origin",
                    "{origin} is no origin: say such as https://example.com, with no path, or * for all",
                    {"origin": repr(origin)},
                )
        return origins


def _is_origin(text: str) -> bool:
    """As a browser writes it: in lower case, nothing after the port."""
    parts = urlsplit(text)
    whole = parts.netloc != "" and text == f"{parts.scheme}://{parts.netloc}".lower()
    return parts.scheme in ("http", "https") and whole
