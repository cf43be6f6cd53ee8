"""What is asked before an ingest, so that nothing is left behind, and said after it."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from databases import duplicates, embeddings, library, registry
from training.cli.console import counted, quote, say
from training.cli.state import State
from training.errors import BadSource, NoPictures
from training.ingestion.sources import Source


def check_writable(table: Path) -> None:
    """Raises BadSource where no table can be written there."""
    if table.is_dir():
        raise BadSource(f"{table} is a folder: --csv names the file to write")
    if not table.parent.is_dir():
        raise BadSource(f"there is no folder {table.parent} to write {table.name} into")


def check_labelled(state: State, sources: Sequence[Source], task: str) -> None:
    """Raises NoPictures where neither a source nor the task has any label: nothing could learn from that."""
    if any(candidate.label for source in sources for candidate in source.candidates):
        return
    with Session(state.engine) as session:
        if library.labels(session, task):
            return
    raise NoPictures(
        f"nothing says what the pictures in {sources[0].root} show: put them into one folder a label, such "
        "as cat/1.jpg and dog/2.jpg, or list them in a .csv table with the columns file_path,label"
    )


def say_next(state: State, task: str) -> None:
    """Tells what it takes until the service knows the pictures of a task."""
    with Session(state.engine) as session:
        champion = registry.champion(session, task)
        labels = library.labels(session, task)
        parted = duplicates.count_parted(session, task)
        lacking = len(embeddings.unembedded(session, champion.id, task)) if champion else 0
    if parted:
        say(
            f"[yellow]{counted(parted, 'group')} of look-alikes or copies lie in more than one split: what "
            "is measured on them may be memory[/yellow]; which, and what that buys: menagerie audit --task "
            f"{quote(task)}"
        )
    if len(labels) < 2:
        say("Training needs pictures of two labels or more: ingest more folders")
    elif champion is None:
        # The starter serves too, but it finds no similar pictures: it has other labels.
        say(f"To have them served, similar ones too: menagerie train --task {quote(task)} --promote")
    elif lacking:
        say(f"{counted(lacking, 'picture')} not in the gallery yet: menagerie index --task {quote(task)}")
