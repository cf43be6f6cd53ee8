"""Where the state lies: one database, one folder of bundles. Read from the environment only when asked."""

from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

PROJECT = Path(__file__).resolve().parents[1]
S = TypeVar("S", bound=BaseSettings)


class SettingsError(Exception):
    """An environment variable holds a value that cannot be used."""


class StateSettings(BaseSettings):
    """What every command that touches the database or the bundles shares.

    `reports`: where the pages about models lie, by default beside the bundles. There too: `thumbnails`, where
    small pictures are kept, and `uploads`, where pictures lie that people let the service keep.
    """

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_", extra="ignore", frozen=True)

    database_url: str = Field(
        default=f"sqlite:///{PROJECT / 'databases' / 'images.db'}", validation_alias="DATABASE_URL"
    )
    bundles: Path = PROJECT / "bundles"
    reports: Path = Field(default_factory=lambda others: others["bundles"].absolute().parent / "reports")
    thumbnails: Path = Field(default_factory=lambda others: others["bundles"].parent / "thumbnails")
    uploads: Path = Field(default_factory=lambda others: others["bundles"].parent / "uploads")


def load_settings(kind: type[S]) -> S:
    """Reads `kind` from the environment.

    Raises:
        SettingsError: naming each variable that is wrong and its value.
    """
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(
            "; ".join(_describe(kind, e["loc"], e["input"], e["msg"]) for e in error.errors())
        ) from None
    except SourceError as error:
        raise SettingsError(str(error)) from None


def _describe(kind: type[BaseSettings], location: tuple[int | str, ...], value: object, problem: str) -> str:
    name = str(location[0]) if location else "settings"
    is_field = name in kind.model_fields and kind.model_fields[name].validation_alias is None
    variable = f"{kind.model_config.get('env_prefix', '')}{name}".upper() if is_field else name
    return f"{variable}={value!r}: {problem}"
