"""`menagerie roots`: what was ingested, listed and forgotten."""

from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.program import Commands
from training.cli.state import open_state, open_state_to_read

if TYPE_CHECKING:
    from databases.roots import KnownRoot

roots = Commands(
    help="What was ingested: folders, tables, archives and URLs, each a root with a name.",
)


@roots.command("list")
def list_roots() -> None:
    """List the roots: their task, where they lie, how many pictures are in use."""
    from sqlalchemy.orm import Session

    from databases.roots import list_roots as known
    from training.cli.console import quote, say

    with Session(open_state_to_read().engine) as session:
        found = known(session)
    for root in found:
        say(f"[bold]{quote(root.name)}[/bold]  task {quote(root.task)}, {_held(root)}")
        copied = f", copied to {root.store}" if root.store else ""
        say(f"  {quote(root.place + copied)}")
    if not found:
        say("Nothing was ingested yet; to begin: menagerie ingest DIR")


@roots.command()
def forget(
    name: Annotated[str, typer.Argument(metavar="ROOT", help="Its name, as menagerie roots list shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")] = False,
) -> None:
    """Know a root no more: its pictures leave the library and the gallery.

    Files stay where they are, models too. What people decided on pictures is kept, by content, and holds
    again when the pictures come back. Splits are not kept: a picture that comes back may get another one, and
    older models may have learnt from what is test then.
    """
    from sqlalchemy.orm import Session

    from databases.roots import find_root, forget_root
    from training.cli.console import quote, say

    state = open_state()
    with Session(state.engine) as session:
        root = find_root(session, name)
    if not yes:
        typer.confirm(f"Forget {root.name} of task {root.task}, {_held(root)} in {root.place}?", abort=True)
    with Session(state.engine) as session, session.begin():
        forget_root(session, name)
    say(f"[bold]{quote(name)}[/bold] is forgotten; its files stay where they are.")


def _held(root: "KnownRoot") -> str:
    from training.cli.console import counted

    return f"{counted(root.pictures, 'picture')} of {counted(root.files, 'file')}"
