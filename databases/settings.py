"""Where the state lies: one database, one folder of bundles. Read from the environment only when asked."""

import os
import tempfile
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from databases.errors import BadPlace
from databases.places import Place, parse_place, without_credentials

PROJECT = Path(__file__).resolve().parents[1]
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


class SettingsError(Exception):
    """An environment variable holds a value that cannot be used."""


class StateSettings(BaseSettings):
    """What every command that touches the database or the bundles shares. `reports`: where the pages about
    models lie, by default beside the bundles. `cache`: where copies lie of what is at a URL."""

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_", extra="ignore", frozen=True)

    database_url: str = Field(
        default=f"sqlite:///{PROJECT / 'databases' / 'images.db'}", validation_alias="DATABASE_URL"
    )
    bundles: PlaceSetting = PROJECT / "bundles"
    reports: PlaceSetting = Field(default_factory=lambda others: beside(others["bundles"], "reports"))
    cache: Path = Field(default_factory=_cache)


def load_settings(kind: type[S]) -> S:
    """Reads `kind` from the environment.

    Raises:
        SettingsError: naming each variable that is wrong and its value.
    """
    try:
        return kind()
    except ValidationError as error:
        # What has no default because something else is wrong is not wrong itself.
        wrong = [e for e in error.errors() if e["type"] != "default_factory_not_called"]
        raise SettingsError(
            "; ".join(_describe(kind, e["loc"], e["input"], e["msg"]) for e in wrong)
        ) from None
    except SourceError as error:
        raise SettingsError(str(error)) from None


def _describe(kind: type[BaseSettings], location: tuple[int | str, ...], value: object, problem: str) -> str:
    name = str(location[0]) if location else "settings"
    is_field = name in kind.model_fields and kind.model_fields[name].validation_alias is None
    variable = f"{kind.model_config.get('env_prefix', '')}{name}".upper() if is_field else name
    return f"{variable}={without_credentials(repr(value))}: {problem}"
