"""How long work tells how far it is. The commands show bars; tests and other programs listen or do not."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Advance = Callable[[int], None]


class Progress(Protocol):
    """Is told how far work is."""

    def track(self, what: str, total: int) -> AbstractContextManager[Advance]:
        """For a piece of work of `total` steps, a function that is told how many were done."""
        ...

    def tell(self, line: str) -> None:
        """Something worth knowing meanwhile."""
        ...


class Silent:
    """Tells nobody."""

    def track(self, what: str, total: int) -> AbstractContextManager[Advance]:
        del what, total
        return nullcontext(_ignore)

    def tell(self, line: str) -> None:
        del line


def _ignore(steps: int) -> None:
    del steps
