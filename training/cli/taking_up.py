"""What people gave a label since the last ingest, taken up by a training."""

from typing import TYPE_CHECKING, Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from training.cli.state import State

if TYPE_CHECKING:
    from training.dataset import Dataset


class DuplicateSettings(BaseSettings):
    """By what pictures that show the same are found, as `menagerie ingest` has it."""

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_", extra="ignore", frozen=True)

    duplicates: Literal["hash", "embedding"] = "embedding"


def take_up_labelled(state: State, task: str) -> None:
    """Splits what people gave a label since the last ingest, and says so."""
    from databases.settings import load_settings
    from training.cli.console import Bars, counted, say
    from training.ingestion.taking_up import take_up

    look_closer = None
    if load_settings(DuplicateSettings).duplicates == "embedding":
        from training.duplicates.closer import by_embedding

        look_closer = by_embedding(state.engine, state.bundles, Bars())
    if count := take_up(state.engine, task, look_closer, Bars()):
        say(f"Taken up: {counted(count, 'picture')} that people gave a label since the last ingest")


def say_waiting(dataset: "Dataset") -> None:
    """Tells of pictures that nothing is measured on yet."""
    from training.cli.console import counted, quote, say

    if dataset.waiting:
        held, labels = len(dataset.waiting), sorted({str(image.label) for image in dataset.waiting})
        which = f"{counted(held, 'held-back picture')} of {quote(', '.join(labels))}"
        say(f"Left out: {which}, which no train picture shows yet")
