"""Hidden folders for what is half done: whoever is killed leaves one, and who comes next removes it."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

START, LOCK, INSIDE = ".menagerie-", "lock", "draft"


@contextmanager
def draft_folder(parent: Path, ending: str) -> Iterator[Path]:
    """An empty folder in a hidden one of `parent` whose name ends in `ending`, until the block ends. Before
    that those of the same ending are removed whose makers were killed."""
    for left in parent.glob(f"{START}*{ending}"):
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
    with ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix=START, suffix=ending, dir=parent)
        folder = Path(stack.enter_context(made))
        stack.enter_context(_held(folder))
        inside = folder / INSIDE
        inside.mkdir()
        yield inside


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Shows others that somebody works here: the lock ends with its process, however that ends."""
    lock = folder / f".{LOCK}"
    with lock.open("wb") as file:
        with suppress(OSError):  # a file system without locks: nobody takes the folder for left, then
            fcntl.flock(file, fcntl.LOCK_EX)
            lock.rename(folder / LOCK)  # it has its name only once it is held
        yield


def _is_left(folder: Path) -> bool:
    try:
        handle = os.open(folder / LOCK, os.O_RDWR)
    except OSError:  # it has none yet, or is somebody else's
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
