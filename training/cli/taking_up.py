"""What people gave a label since the last ingest, taken up by a training."""

from typing import TYPE_CHECKING

from training.cli.state import State

if TYPE_CHECKING:
    from training.dataset import Dataset


def take_up_labelled(state: State, task: str) -> None:
    """Splits what people gave a label since the last ingest, and says so."""
    from training.cli.console import Bars, counted, say
    from training.cli.look_alikes import look_closer
    from training.ingestion.taking_up import take_up

    if count := take_up(state.engine, task, look_closer(state, Bars()), Bars()):
        say(f"Taken up: {counted(count, 'picture')} that people gave a label since the last ingest")


def say_waiting(dataset: "Dataset") -> None:
    """Tells of pictures that nothing is measured on yet."""
    from training.cli.console import counted, quote, say

    if dataset.waiting:
        held, labels = len(dataset.waiting), sorted({str(image.label) for image in dataset.waiting})
        which = f"{counted(held, 'held-back picture')} of {quote(', '.join(labels))}"
        say(f"Left out: {which}, which no train picture shows yet")
