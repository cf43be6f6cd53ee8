"""Folders for what visitors brought along, below the system's temporary one.

A process that is killed leaves its own behind. Each is locked as long as its process lives, so that the next
one knows which belong to nobody any more.
"""

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path

PREFIX = "menagerie-page-"


class OwnFolder:
    """An empty one, which goes with this, and at the latest when the process ends."""

    def __init__(self) -> None:
        self.path, lock = _made()
        self._close = weakref.finalize(self, _delete, self.path, lock)

    def close(self) -> None:
        """Deletes it, with all that is in it."""
        self._close()


def sweep() -> None:
    """Deletes what killed processes left."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # it is another user's, or went meanwhile
        if os.fstat(lock).st_uid == os.getuid() and _is_free(lock):
            _delete(path, lock)
        else:
            os.close(lock)


def _made() -> tuple[Path, int]:
    """A new folder, and what its lock is held by."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        # Somebody may sweep before it is locked.
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return path, lock
        os.close(lock)


def _is_free(lock: int) -> bool:
    """Whether nobody held the lock, which is held then."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _delete(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)
