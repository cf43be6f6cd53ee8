"""A folder for an index of one process alone, below the system's temporary one."""

import atexit
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from backend.held_folders import held_folder, remove_left

NAMES = "menagerie-gallery-*"


def private_folder() -> Path:
    """A new one, which goes when the process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(held_folder(Path(tempfile.gettempdir()), NAMES))


def remove_abandoned() -> None:
    """Removes those of processes that were killed."""
    with suppress(OSError):  # where there is no temporary folder, nothing was left in it
        remove_left(Path(tempfile.gettempdir()), NAMES)
