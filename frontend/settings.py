"""Where the API is, and the key to it. Read from the environment only when asked.

The key may stand in a file instead: menagerie_api_key in the folder MENAGERIE_SECRETS, /run/secrets by
default. A variable that is set comes before its file.
"""

import os
import re
from pathlib import Path

from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MENAGERIE_"
SECRETS, SECRETS_VARIABLE = "/run/secrets", "MENAGERIE_SECRETS"
KEY = re.compile(r"[!-~]*")  # what a header can hold


class SettingsError(Exception):
    """An environment variable holds a value that cannot be used."""


class PageSettings(BaseSettings):
    """`api_url`: the root of the API as this process reaches it. The browser never calls it.
    `api_key`: what the page shows there; none where it is empty. `batch_kept_seconds`: how long a batch is
    kept after it ended and somebody looked at it last, and a single picture that a visitor brought along."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    api_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")
    api_key: SecretStr = SecretStr("")
    batch_kept_seconds: float = Field(3600.0, gt=0, allow_inf_nan=False)

    @field_validator("api_key")
    @classmethod
    def _check_key(cls, key: SecretStr) -> SecretStr:
        bare = key.get_secret_value().strip()  # a file of it ends with a new line
        if not KEY.fullmatch(bare):
            raise PydanticCustomError("key", "a key holds no spaces, and nothing that is not ASCII")
        return SecretStr(bare)


def load_settings() -> PageSettings:
    """Reads the environment, and the files of secrets.

    Raises:
        SettingsError: naming each variable that is wrong, and its value unless that is secret.
    """
    try:
        return PageSettings(_secrets_dir=_secrets_folder())
    except ValidationError as error:
        raise SettingsError(
            "; ".join(_describe(str(e["loc"][0]), e["input"], e["msg"]) for e in error.errors())
        ) from None
    except OSError as error:  # whoever runs this may not read it
        raise SettingsError(f"the secret {error.filename} cannot be read: {error.strerror}") from None


def _secrets_folder() -> str | None:
    """Raises SettingsError where a folder is named that is none."""
    named = os.environ.get(SECRETS_VARIABLE)
    if named and not Path(named).is_dir():
        raise SettingsError(f"{SECRETS_VARIABLE}={named!r}: there is no such folder")
    folder = named or SECRETS
    return folder if Path(folder).is_dir() else None


def _describe(field: str, value: object, problem: str) -> str:
    shown = "" if field == "api_key" else f"={value!r}"
    return f"{PREFIX}{field.upper()}{shown}: {problem}"
