"""Folders that do not outlive their makers for long: who is killed leaves one, which the next one removes."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK, INSIDE = "lock", "held"


@contextmanager
def held_folder(parent: Path, names: str) -> Iterator[Path]:
    """An empty folder in a new one of `parent`, until the block ends; `names`, such as `.made-*.part`, says
    what that is called. Before that those of such names are removed whose makers were killed."""
    remove_left(parent, names)
    prefix, suffix = names.split("*")
    made = tempfile.TemporaryDirectory(suffix, prefix, parent, ignore_cleanup_errors=True)
    with made as name, _held(Path(name)):
        inside = Path(name, INSIDE)
        inside.mkdir()
        yield inside


def remove_left(parent: Path, names: str) -> None:
    """Removes what those left who made folders of such names, and were killed."""
    for folder in parent.glob(names):
        if _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


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
