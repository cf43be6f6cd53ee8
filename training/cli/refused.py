"""`menagerie pictures refused`: the files that ingest could not use."""

from typing import Annotated

import typer

from training.cli.state import open_state_to_read


def refused(task: Annotated[str | None, typer.Option(help="Only this task's.")] = None) -> None:
    """List the files that cannot be used, each with its reason."""
    from sqlalchemy.orm import Session

    from databases import library
    from databases.roots import list_roots
    from training.cli.console import counted, quote, say
    from training.errors import NoPictures

    with Session(open_state_to_read().engine) as session:
        known = sorted({root.task for root in list_roots(session)})
        found = library.task_refusals(session, task)
    if task is not None and task not in known:
        there = f"the library has: {', '.join(known)}" if known else "the library is empty"
        raise NoPictures(f"nothing was ingested for task {task!r}; {there}")
    for refusal in found:
        say(f"{refusal.reason}: {quote(refusal.uri)}")
    say(f"{counted(len(found), 'file')} cannot be used." if found else "No file was refused.")
