"""Where the state lies: one database, one folder of bundles. Read from the environment only when asked.

What is secret need not stand in the environment: a file of a variable's name in lower case, such as
/run/secrets/database_password, says the same. A variable that is set comes before its file.
"""

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from databases.errors import BadPlace
from databases.places import Place, parse_place, without_credentials

PROJECT = Path(__file__).resolve().parents[1]
SECRETS, SECRETS_VARIABLE = "/run/secrets", "MENAGERIE_SECRETS"
S = TypeVar("S", bound=BaseSettings)


def _parse(value: object) -> object:
    try:
        return parse_place(value) if isinstance(value, str) else value
    except BadPlace as error:
        raise PydanticCustomError("place", "{told}", {"told": str(error)}) from None


# A folder, or a URL that fsspec reaches.
PlaceSetting = Annotated[Place, NoDecode, BeforeValidator(_parse)]


def beside(bundles: Place, name: str) -> Place:
    """Where what goes with the bundles lies by default, on disk or at a URL as they do."""
    return (bundles.absolute() if isinstance(bundles, Path) else bundles).parent / name


def _cache() -> Path:
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError:  # whoever runs this has no home
        home = Path(tempfile.gettempdir())
    return home / "menagerie"


def _thumbnails(others: dict[str, Any]) -> Path:
    place = beside(others["bundles"], "thumbnails")
    return place if isinstance(place, Path) else Path(others["cache"]) / "thumbnails"


class SettingsError(Exception):
    """Environment variables hold values that cannot be used. `args`: what is wrong, a sentence a variable."""

    def __str__(self) -> str:
        return "; ".join(self.args)


class StateSettings(BaseSettings):
    """What every command that touches the database or the bundles shares.

    `reports`: where the pages about models lie, by default beside the bundles. There too: `thumbnails`, where
    small pictures are kept, in the cache where the bundles are at a URL, and `uploads`, where pictures lie
    that people let the service keep. `cache`: where copies lie of what is at a URL. `database_password`: of
    PostgreSQL, for a URL without one.
    """

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_", extra="ignore", frozen=True)

    database_password: SecretStr = Field(default=SecretStr(""), validation_alias="DATABASE_PASSWORD")
    database_url: str = Field(
        default=f"sqlite:///{PROJECT / 'databases' / 'images.db'}", validation_alias="DATABASE_URL"
    )
    bundles: PlaceSetting = PROJECT / "bundles"
    reports: PlaceSetting = Field(default_factory=lambda others: beside(others["bundles"], "reports"))
    cache: Path = Field(default_factory=_cache)
    thumbnails: Path = Field(default_factory=_thumbnails)
    uploads: PlaceSetting = Field(default_factory=lambda others: beside(others["bundles"], "uploads"))

    @field_validator("database_url")
    @classmethod
    def _add_password(cls, url: str, others: ValidationInfo) -> str:
        """The URL with the password in it, where it is PostgreSQL's and has none of its own."""
        password = others.data["database_password"].get_secret_value().strip()
        parts = urlsplit(url)
        if not password or parts.scheme.partition("+")[0] not in ("postgresql", "postgres") or parts.password:
            return url
        user, _, place = parts.netloc.rpartition("@")
        if not user:
            raise PydanticCustomError("user", "it names no user, whose DATABASE_PASSWORD would be")
        return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()


def load_settings(kind: type[S]) -> S:
    """Reads `kind` from the environment, and from the files in MENAGERIE_SECRETS (/run/secrets by default).

    Raises:
        SettingsError: naming each variable that is wrong and its value.
    """
    try:
        return kind(_secrets_dir=_secrets_folder())
    except ValidationError as error:
        # What has no default because something else is wrong is not wrong itself.
        wrong = [e for e in error.errors() if e["type"] != "default_factory_not_called"]
        raise SettingsError(*(_describe(kind, e["loc"], e["input"], e["msg"]) for e in wrong)) from None
    except SourceError as error:
        raise SettingsError(str(error)) from None
    except OSError as error:  # whoever runs this may not read it
        raise SettingsError(f"the secret {error.filename} cannot be read: {error.strerror}") from None


def _secrets_folder() -> str | None:
    """Raises SettingsError where a folder is named that is none."""
    named = os.environ.get(SECRETS_VARIABLE)
    if named and not Path(named).is_dir():
        raise SettingsError(f"{SECRETS_VARIABLE}={named!r}: there is no such folder")
    folder = named or SECRETS
    return folder if Path(folder).is_dir() else None


def _describe(kind: type[BaseSettings], location: tuple[int | str, ...], value: object, problem: str) -> str:
    name = str(location[0]) if location else "settings"
    is_field = name in kind.model_fields and kind.model_fields[name].validation_alias is None
    variable = f"{kind.model_config.get('env_prefix', '')}{name}".upper() if is_field else name
    return f"{variable}={without_credentials(repr(value))}: {problem}"
