"""New files in the place of old ones: all of them, or, where one cannot be moved, none."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Swap:
    """Moves within a file system. What stood where something comes to is set aside first."""

    def __init__(self) -> None:
        self._moved: list[tuple[Path, Path]] = []

    def move(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
        self._moved.append((source, target))

    def set_aside(self, path: Path, folder: Path) -> bool:
        """Moves what stands at `path` into `folder`; whether anything did."""
        if not path.exists():
            return False
        self.move(path, folder / path.name)
        return True

    def take_back(self) -> None:
        for source, target in reversed(self._moved):
            with suppress(OSError):
                source.parent.mkdir(parents=True, exist_ok=True)
                target.rename(source)


@contextmanager
def swapping() -> Iterator[Swap]:
    """What was moved stays so only if the block ends well."""
    swap = Swap()
    try:
        yield swap
    except BaseException:
        swap.take_back()
        raise
