"""By what a command finds pictures that show the same."""

from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from databases.settings import load_settings
from training.cli.state import State
from training.duplicates.closer import by_embedding
from training.duplicates.grouping import LookCloser
from training.progress import Progress
from training.running import Runner, run_here


class DuplicateSettings(BaseSettings):
    """As `menagerie ingest` has it."""

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_", extra="ignore", frozen=True)

    duplicates: Literal["hash", "embedding"] = "embedding"


def look_closer(
    state: State, progress: Progress, duplicates: str | None = None, run: Runner = run_here
) -> LookCloser | None:
    """What compares by embedding what hashes leave; None where hashes are to do. `duplicates`: `hash` or
    `embedding`; by default as MENAGERIE_DUPLICATES says."""
    if (duplicates or load_settings(DuplicateSettings).duplicates) == "hash":
        return None
    return by_embedding(state.engine, state.bundles, progress, run)
