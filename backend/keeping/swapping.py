"""New files in the place of old ones: all of them, or, where one cannot be moved, none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from databases.places import RemoteFile


class Swap:
    """Moves within a file system, or a store. What stood where something comes to is set aside first."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def move(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self._undo.append(partial(_move_back, target, source))  # before that: a signal may come in between
        source.rename(target)

    def set_aside(self, path: Path, folder: Path) -> bool:
        """Moves what stands at `path` into `folder`; whether anything did."""
        if not path.exists():
            return False
        self._undo.append(folder.rmdir)  # once it is empty again
        self.move(path, folder / path.name)
        return True

    def send(self, source: Path, target: RemoteFile) -> None:
        """Copies a file to where there is none."""
        self._undo.append(target.remove)  # before that: one that is broken off may be there all the same
        target.send(source)

    def move_in_store(self, source: RemoteFile, target: RemoteFile) -> None:
        self._undo.append(partial(target.move, source))
        source.move(target)

    def take_back(self) -> None:
        for undo in reversed(self._undo):
            with suppress(OSError):
                undo()


def _move_back(moved: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    moved.rename(to)


@contextmanager
def swapping() -> Iterator[Swap]:
    """What was moved stays so only if the block ends well."""
    swap = Swap()
    try:
        yield swap
    except BaseException:
        swap.take_back()
        raise
