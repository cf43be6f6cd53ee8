"""`menagerie backup` and `menagerie restore`: the state as one file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from backend.keeping.contents import Contents


def backup(
    target: Annotated[
        Path, typer.Argument(help="The file to write, or a folder to write a new one into.", metavar="TARGET")
    ],
    pictures: Annotated[
        bool, typer.Option("--pictures", help="The library's pictures too, as far as they lie in folders.")
    ] = False,
) -> None:
    """Write the state to one file, while the service runs.

    It holds the database, the bundles, the reports on them, and the pictures that people sent. The library's
    own pictures stay where they are unless --pictures is said; those behind URLs always do. What can be made
    anew is left out: thumbnails, and the gallery's index. Where a champion is missing or damaged, the rest is
    written all the same, and the exit code is 1.
    """
    from backend.keeping.backup import back_up
    from backend.keeping.stopping import cleaning_up
    from databases.settings import StateSettings, load_settings
    from training.cli.console import Bars, quote, say

    with cleaning_up():
        made = back_up(load_settings(StateSettings), target, Bars().track, pictures=pictures)
    _warn_of(made.contents)
    for name in made.elsewhere:
        _warn(f"the pictures of {name} are not in it: they lie at a URL")
    say(
        f"[bold]{quote(str(made.path))}[/bold] holds {_told(made.contents)}: {made.bytes / 1e6:,.1f} MB. "
        f"To put it back: menagerie restore {quote(str(made.path))}"
    )
    made.check_champions()


def restore(
    file: Annotated[Path, typer.Argument(help="A file that menagerie backup wrote.", metavar="FILE")],
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Even where there is a state: it is set aside. Tables of PostgreSQL's are emptied.",
        ),
    ] = False,
    damaged: Annotated[
        bool,
        typer.Option(
            "--damaged",
            help="Even where a champion is missing or damaged in the backup: the one before it serves then.",
        ),
    ] = False,
    pictures_to: Annotated[
        Path | None,
        typer.Option(help="Where the library's pictures go, a folder a root. Default: where they were."),
    ] = None,
) -> None:
    """Put a backup back, on SQLite or PostgreSQL, whichever it was made on. End the service first.

    Every file is compared with what was backed up, the database is brought to this version's schema, and each
    bundle has to answer its golden inputs, before anything is touched.
    """
    from backend.keeping.restoring import restore as run
    from backend.keeping.stopping import cleaning_up
    from databases.settings import StateSettings, load_settings
    from training.cli.console import Bars, counted, quote, say

    settings = load_settings(StateSettings)
    with cleaning_up():
        restored = run(settings, file, Bars().track, force=force, damaged=damaged, pictures_to=pictures_to)
    _warn_of(restored.contents)
    for version in restored.damaged:
        _warn(f"{version} does not answer as it did")
    for path in restored.left:
        _warn(f"{path} is another file than was backed up, and stays")
    for place in restored.aside:
        say(f"What was there before is in {quote(str(place))}: remove it when all is well.")
    again = f", {counted(restored.pictures, 'picture')} written again" if restored.pictures else ""
    told = f"{_told(restored.contents)}{again}, as of {restored.contents.made_at}"
    say(f"Put back: {quote(told)}. Each file is what it was.")


def _told(contents: "Contents") -> str:
    from training.cli.console import counted

    kinds = [name.partition("/")[0] for name in contents.members]
    bundles = {name.split("/")[1] for name in contents.members if name.startswith("bundles/")}
    told = ["the database", counted(len(bundles), "bundle")]
    if sent := kinds.count("uploads"):
        told.append(counted(sent, "picture that people sent", "pictures that people sent"))
    if own := kinds.count("pictures"):
        told.append(counted(own, "picture of the library", "pictures of the library"))
    return ", ".join(told)


def _warn_of(contents: "Contents") -> None:
    for name in contents.lacking[:20]:
        _warn(f"{name} was missing or damaged when the backup was made")
    if more := len(contents.lacking[20:]):
        _warn(f"and {more} more were")


def _warn(line: str) -> None:
    typer.echo(f"warning: {line}", err=True)
