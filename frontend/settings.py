"""Where the API is. Read from the environment only when asked."""

from pydantic import AnyHttpUrl, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MENAGERIE_"


class SettingsError(Exception):
    """An environment variable holds a value that cannot be used."""


class PageSettings(BaseSettings):
    """`api_url`: the root of the API as this process reaches it. The browser never calls it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    api_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")


def load_settings() -> PageSettings:
    """Reads the environment.

    Raises:
        SettingsError: naming each variable that is wrong and its value.
    """
    try:
        return PageSettings()
    except ValidationError as error:
        raise SettingsError(
            "; ".join(_describe(str(e["loc"][0]), e["input"], e["msg"]) for e in error.errors())
        ) from None


def _describe(field: str, value: object, problem: str) -> str:
    return f"{PREFIX}{field.upper()}={value!r}: {problem}"
