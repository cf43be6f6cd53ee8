"""Who works on a study: each command has a folder below it, which its processes hold as long as they live."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.tuning.locks import is_held, shared

COMMANDS, LOCK = "commands", "lock"


@contextmanager
def command_folder(study: Path) -> Iterator[Path]:
    """A folder of this command's own, gone at its end."""
    parent = study / COMMANDS
    parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        with taking_part(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def taking_part(folder: Path) -> Iterator[None]:
    """Held by each process of a command."""
    with shared(folder / LOCK):
        yield


def commands(study: Path) -> tuple[list[Path], list[Path]]:
    """The folders of the commands at work, and of those that died."""
    parent = study / COMMANDS
    folders = sorted(parent.iterdir()) if parent.is_dir() else []
    alive = [folder for folder in folders if is_held(folder / LOCK)]
    return alive, [folder for folder in folders if folder not in alive]
