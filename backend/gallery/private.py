"""A folder for an index of one process alone, below the system's temporary one.

A process that is killed leaves its own behind. Each is locked as long as its process lives, so that the next
one knows which belong to nobody any more.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "menagerie-gallery-"


def private_folder() -> Path:
    """A new one, which goes when the process ends."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():  # else somebody removed it before it was locked
            atexit.register(shutil.rmtree, path, ignore_errors=True)
            return path
        os.close(lock)


def remove_abandoned() -> None:
    """Removes those of processes that were killed. An older version locked none of its own: who still reads
    what goes has it open, and makes it anew."""
    with suppress(OSError):  # where there is no temporary folder, nothing was left in it
        for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            _remove_if_abandoned(path)


def _remove_if_abandoned(path: Path) -> None:
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return  # it is no folder, or another user's, or went meanwhile
    try:
        if os.fstat(lock).st_uid == os.getuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        pass  # it is in use
    finally:
        os.close(lock)
