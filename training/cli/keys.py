"""`menagerie keys`: who may ask the service, by a key of their own."""

from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.program import Commands
from training.cli.state import open_state, open_state_to_read

if TYPE_CHECKING:
    from rich.table import Table

    from databases.keys import ApiKey

keys = Commands(
    help="Keys to the service: needed where others than this machine can reach it. A running service knows "
    "of what is changed here within seconds.",
)


@keys.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose it is, such as page: the log tells by it who asked.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may do: predict (ask about pictures, and look at the library), admin (all there "
            "is), review (decide what pictures show). Once for each. Default: predict."
        ),
    ] = None,
    rate_limit: Annotated[
        int | None, typer.Option(help="Requests a minute. Default: what MENAGERIE_RATE_LIMIT says.")
    ] = None,
) -> None:
    """Make a key, and print its token: it is shown this once.

    The token alone goes to standard output. Programs send it as X-API-Key, or as Authorization: Bearer; the
    page sends what MENAGERIE_API_KEY holds. Nobody can tell it again: the database keeps only its hash.
    """
    from sqlalchemy.orm import Session

    from databases.keys import add_key

    with Session(open_state().engine) as session, session.begin():
        token = add_key(session, name, scope or ["predict"], rate_limit)
    typer.echo(f"The key {name} is made. Its token is shown this once:", err=True)
    typer.echo(token)


@keys.command("list")
def list_keys() -> None:
    """List the keys, the newest first, those that were revoked too."""
    from sqlalchemy.orm import Session

    from databases.keys import list_keys as known
    from training.cli.console import say, show

    with Session(open_state_to_read().engine) as session:
        found = known(session)
    if found:
        show(_table(found))
    else:
        say("No key yet; to make one: menagerie keys add NAME")


@keys.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Its name, as menagerie keys list shows it.")],
) -> None:
    """Put a key out of use, for good. Its name is free for another one then."""
    from sqlalchemy.orm import Session

    from databases.keys import revoke_key
    from training.cli.console import quote, say

    with Session(open_state().engine) as session, session.begin():
        revoke_key(session, name)
    say(f"[bold]{quote(name)}[/bold] is revoked. A running service refuses it within seconds.")


def _table(found: "list[ApiKey]") -> "Table":
    from training.cli.console import make_table, quote

    table = make_table("key", "may", "a minute", "made", "revoked")
    for key in found:
        limit = "-" if key.rate_limit is None else str(key.rate_limit)
        revoked = "-" if key.revoked_at is None else f"{key.revoked_at:%Y-%m-%d}"
        table.add_row(quote(key.name), " ".join(key.scopes), limit, f"{key.created_at:%Y-%m-%d}", revoked)
    return table
