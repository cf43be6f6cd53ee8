"""`menagerie pictures refused`: the files that ingest could not use."""

from typing import Annotated

import typer

from training.cli.state import open_state_to_read


def refused(task: Annotated[str | None, typer.Option(help="Only this task's.")] = None) -> None:
    """List the files that cannot be used, each with its reason."""
    from sqlalchemy.orm import Session

    from databases import library
    from training.cli.console import counted, quote, say

    with Session(open_state_to_read().engine) as session:
        found = library.task_refusals(session, task)
    for refusal in found:
        say(f"{refusal.reason}: {quote(refusal.uri)}")
    say(f"{counted(len(found), 'file')} cannot be used." if found else "No file was refused.")
