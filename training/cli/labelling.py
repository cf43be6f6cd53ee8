"""`menagerie labels`: a task's labels, renamed, merged, dropped."""

from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.deciding import Task, say_unsplit
from training.cli.pictures import show_counts
from training.cli.program import Commands
from training.cli.state import only_task, open_state, open_state_to_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from databases.label_operations import Recorded

labels = Commands(
    help="A task's labels: list, rename, merge and drop them. Files stay where they are; what later ingests "
    "bring in is changed likewise, and all of it can be undone.",
)


@labels.command("list")
def list_labels(
    task: Task = None,
    all_: Annotated[bool, typer.Option("--all", help="The operations that were undone too.")] = False,
) -> None:
    """Show how many pictures each label has, and what was done to the labels."""
    from sqlalchemy.orm import Session

    from databases import label_operations, library
    from training.cli.console import counted, quote, say
    from training.errors import NoPictures

    state = open_state_to_read()
    task = only_task(state, task)
    with Session(state.engine) as session:
        counts = library.count_task_by_label_and_split(session, task)
        excluded = library.count_excluded(session, task)
        operations = label_operations.listed(session, task)
    if not (counts or excluded):
        raise NoPictures(f"task {task!r} has no picture; run: menagerie ingest DIR --task {task}")
    show_counts(counts)
    if excluded:
        say(f"{counted(excluded, 'file')} more: excluded, or of a dropped label")
    for one in operations:
        if all_ or one.undone_at is None:
            undone = ", and that undone" if one.undone_at else ""
            say(quote(f"{one.id:>5}  {one.made_at:%Y-%m-%d %H:%M}  {_what(one)}{undone}"))


@labels.command()
def rename(
    label: Annotated[str, typer.Argument(help="What it is called.")],
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    task: Task = None,
) -> None:
    """Give a label another name."""
    from databases import label_operations

    _operate(task, lambda session, task: label_operations.rename(session, task, label, name))


@labels.command()
def merge(
    merged: Annotated[list[str], typer.Argument(metavar="LABEL", help="Labels to make one of.")],
    into: Annotated[str, typer.Option(help="What it is called; it may be one of them.")],
    task: Task = None,
    new: Annotated[bool, typer.Option("--new", help="The task has no label of that name yet.")] = False,
) -> None:
    """Make one label of several."""
    from databases import label_operations, library

    def run(session: "Session", task: str) -> "list[Recorded]":
        if not new:
            known = library.labels(session, task)
            label_operations.check_known(task, [into], known, "for a new label say --new")
        return label_operations.merge(session, task, merged, into)

    _operate(task, run)


@labels.command()
def drop(
    dropped: Annotated[list[str], typer.Argument(metavar="LABEL", help="Labels to do without.")],
    task: Task = None,
) -> None:
    """Do without labels: their pictures are excluded."""
    from databases import label_operations

    _operate(task, lambda session, task: label_operations.drop(session, task, dropped))


@labels.command()
def undo(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help="Of operations. Default: what was done last.")
    ] = None,
    task: Task = None,
) -> None:
    """Take operations back, as if they had never been made; those made after them stay."""
    from sqlalchemy.orm import Session

    from databases import label_operations
    from databases.errors import NothingToUndo
    from training.cli.console import quote, say

    state = open_state()
    task = only_task(state, task)
    with Session(state.engine) as session, session.begin():
        chosen = ids or label_operations.latest(session, task)
        if not chosen:
            raise NothingToUndo(f"nothing that was done to the labels of task {task!r} holds")
        undone = label_operations.undo(session, task, chosen)
    for one in undone:
        say(f"Undone: {quote(_what(one))}")
    say_unsplit(state, task)


def _operate(task: str | None, run: "Callable[[Session, str], list[Recorded]]") -> None:
    from sqlalchemy.orm import Session

    from training.cli.console import quote, say

    state = open_state()
    task = only_task(state, task)
    with Session(state.engine) as session, session.begin():
        operations = run(session, task)
    for one in operations:
        say(f"{quote(_what(one))}.")
    back = f"menagerie labels undo --task {quote(task)}"
    say(f"Models learn of it when they are trained anew. To take it back: {back}")


def _what(one: "Recorded") -> str:
    if one.kind == "drop":
        return f"{one.label} was dropped"
    return f"{one.label} was {'renamed' if one.kind == 'rename' else 'merged into'} {one.into}"
