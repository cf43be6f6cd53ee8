"""`menagerie pictures suggest`: labels for pictures that have none."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.state import open_state

if TYPE_CHECKING:
    from training.suggesting import Suggested

SHOWN = 50


def suggest(
    task: Annotated[str | None, typer.Option(help="Default: the library's only task.")] = None,
    version: Annotated[
        str | None, typer.Option("--model", help="By whose eyes. Default: the task's champion.")
    ] = None,
    at_least: Annotated[
        float, typer.Option(min=0, max=1, help="Only labels that so much of the neighbourhood carries.")
    ] = 0.0,
    csv: Annotated[
        Path | None, typer.Option(help="Write all of them as a table file_path,label,share,nearest.")
    ] = None,
) -> None:
    """Suggest labels for pictures that have none, by the ten nearest that have one.

    Nothing is decided: menagerie pictures relabel PICTURE --to LABEL does that.
    """
    import shlex

    from training.cli.around_ingest import check_writable
    from training.cli.console import Bars, counted, quote, say
    from training.cli.registered import find_model
    from training.indexing import index, open_model_gallery
    from training.suggesting import suggest as run

    if csv is not None:
        check_writable(csv)
    state = open_state()
    model = find_model(state, version, task)
    index(state.engine, state.bundles, model, model.task, Bars())
    with closing(open_model_gallery(state.engine, state.bundles, model)) as gallery:
        found = run(state.engine, gallery, model.task, Bars())
    suggested = [one for one in found if one.share >= at_least]
    if not suggested:
        say(f"No picture of {quote(model.task)} lacks a label that its neighbours could tell.")
        return
    for one in suggested[:SHOWN]:
        say(quote(_line(one)))
    if csv is not None:
        _write(suggested, csv)
        say(f"{counted(len(suggested), 'row')} written to {quote(str(csv))}")
    elif len(suggested) > SHOWN:
        say(f"and {len(suggested) - SHOWN} more; --csv FILE lists every one")
    first = suggested[0]
    which = f"{first.image.id} --task {shlex.quote(model.task)}"
    say(quote(f"To take one: menagerie pictures relabel {which} --to={shlex.quote(first.label)}"))


def _line(one: "Suggested") -> str:
    return f"{one.image.id:>6}  {one.label} ({one.share:.0%}; nearest {one.nearest:.2f})  {one.image.place}"


def _write(suggested: "list[Suggested]", path: Path) -> None:
    import csv

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file_path", "label", "share", "nearest"))
        for one in suggested:
            writer.writerow((str(one.image.place), one.label, f"{one.share:.4f}", f"{one.nearest:.4f}"))
