"""Locks that the kernel takes back when their process dies, however it dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from optuna.storages.journal import JournalFileOpenLock


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Waits until nobody else holds `path`, and holds it."""
    with _locked(path, fcntl.LOCK_EX):
        yield


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Holds `path` together with others."""
    with _locked(path, fcntl.LOCK_SH):
        yield


def is_held(path: Path) -> bool:
    """Whether anybody holds `path`; nobody holds what is gone."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


class JournalLock(JournalFileOpenLock):
    """Optuna's own locks are files that a killed process leaves behind, for others to wait on."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        self._file = self._path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        assert self._file is not None
        self._file.close()


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield
