"""Where MLflow's store is, or that nobody is to be told."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from databases.settings import PROJECT

SQLITE = "sqlite:///"
# Where nobody says otherwise MLflow waits for minutes, many times over.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
}
# It tells its makers how it is used, and people what it is made of.
DISCREET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "PYTHONWARNINGS": "ignore",
}


def _usable(uri: str) -> str:
    parts = urlsplit(uri)
    if uri.startswith(SQLITE) and uri != SQLITE:
        _check_whose(Path(uri.removeprefix(SQLITE)))
    elif parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise PydanticCustomError("uri", "say sqlite:///FILE, or the http:// or https:// address of a server")
    return uri


def _check_whose(file: Path) -> None:
    """MLflow adds its tables to any database: keeps it from one that has others, such as the library's."""
    if not file.is_file():
        return
    try:
        with closing(sqlite3.connect(file)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    except sqlite3.OperationalError:  # it is busy
        return
    except sqlite3.DatabaseError:
        tables = {"alembic_version"}
    # Tables that MLflow makes are named in alembic_version last.
    if "alembic_version" in tables and "experiments" not in tables:
        raise PydanticCustomError("uri", "this file is no store of MLflow's: name another one")


class TrackingSettings(BaseSettings):
    """Whether and where trainings are told to MLflow."""

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_", extra="ignore", frozen=True)

    tracking: bool = True
    uri: Annotated[str, AfterValidator(_usable)] = Field(
        default=f"{SQLITE}{PROJECT / 'databases' / 'mlflow.db'}", validation_alias="MLFLOW_TRACKING_URI"
    )

    @property
    def file(self) -> Path | None:
        """The SQLite file, None where a server keeps the store."""
        return Path(self.uri.removeprefix(SQLITE)).absolute() if self.uri.startswith(SQLITE) else None

    @property
    def artifacts(self) -> Path | None:
        """The folder of artifacts that goes with the SQLite file; a server has its own place."""
        return None if self.file is None else self.file.with_name(f"{self.file.stem}-artifacts")

    @property
    def shown(self) -> str:
        """The URI without user and password."""
        place = urlsplit(self.uri).netloc
        return self.uri.replace(place, place.rpartition("@")[2], 1) if place else self.uri

    def environment(self) -> dict[str, str]:
        """All environment variables of a process that uses MLflow."""
        return PATIENCE | os.environ | DISCREET | {"MLFLOW_TRACKING_URI": self.uri}
