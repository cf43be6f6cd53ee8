"""Where the API is, and the key to it. Read from the environment only when asked."""

import re

from pydantic import AnyHttpUrl, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MENAGERIE_"
KEY = re.compile(r"[!-~]*")  # what a header can hold


class SettingsError(Exception):
    """An environment variable holds a value that cannot be used."""


class PageSettings(BaseSettings):
    """`api_url`: the root of the API as this process reaches it. The browser never calls it.
    `api_key`: what the page shows there; none where it is empty."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    api_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")
    api_key: SecretStr = SecretStr("")

    @field_validator("api_key")
    @classmethod
    def _check_key(cls, key: SecretStr) -> SecretStr:
        bare = key.get_secret_value().strip()  # a file of it ends with a new line
        if not KEY.fullmatch(bare):
            raise PydanticCustomError("key", "a key holds no spaces, and nothing that is not ASCII")
        return SecretStr(bare)


def load_settings() -> PageSettings:
    """Reads the environment.

    Raises:
        SettingsError: naming each variable that is wrong, and its value unless that is secret.
    """
    try:
        return PageSettings()
    except ValidationError as error:
        raise SettingsError(
            "; ".join(_describe(str(e["loc"][0]), e["input"], e["msg"]) for e in error.errors())
        ) from None


def _describe(field: str, value: object, problem: str) -> str:
    shown = "" if field == "api_key" else f"={value!r}"
    return f"{PREFIX}{field.upper()}{shown}: {problem}"
