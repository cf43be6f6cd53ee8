"""What the commands print with: results to standard output, progress to standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from training.progress import Advance

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


class Bars:
    """A progress bar a piece of work, and lines above it."""

    def __init__(self) -> None:
        self._console = _standard_error()

    @contextmanager
    def track(self, what: str, total: int) -> Iterator[Advance]:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(what, total=total)
            yield lambda steps: progress.advance(task, steps)

    def tell(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)


@cache
def _standard_error() -> "Console":
    # One for all: a line above a bar that another `Bars` shows stays above it.
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """A line for the person; `text` may hold rich's markup."""
    from rich.console import Console

    Console(soft_wrap=True, highlight=False).print(text)


def counted(number: int, one: str, several: str | None = None) -> str:
    """Such as `2 pictures`; `several` where an s alone does not make them."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def quote(text: str) -> str:
    """Text from outside, such as a file's name, so that it is not taken for markup."""
    from rich.markup import escape

    return escape(text)


def show(table: "Table") -> None:
    from rich.console import Console

    Console(highlight=False).print(table)


def make_table(*columns: str) -> "Table":
    """A plain table: the first column is text, the others are figures."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table
