"""How long work tells how far it is. The commands show bars; tests and other programs listen or do not."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Advance = Callable[[int], None]


class Progress(Protocol):
    """Gives, for a piece of work of `total` steps, a function that is told how many were done."""

    def track(self, what: str, total: int) -> AbstractContextManager[Advance]: ...


class Silent:
    """Tells nobody."""

    def track(self, what: str, total: int) -> AbstractContextManager[Advance]:
        del what, total
        return nullcontext(_ignore)


def _ignore(steps: int) -> None:
    del steps
