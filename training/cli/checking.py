"""`menagerie check`: what may be wrong with a task's pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.evaluating import reports
from training.cli.state import State, only_task, open_state

if TYPE_CHECKING:
    from training.checking.check import Checkup
    from training.checking.findings import Kind

SHOWN = 20  # labels that look wrong


def check(
    task: Annotated[str | None, typer.Option(help="Default: the library's only task.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write. Default: reports/TASK-check beside the bundles.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Do not use the pictures of which this was found, such as blurry,not_an_animal, any more. "
            "Repeatable. To take it back: menagerie pictures undo",
        ),
    ] = None,
) -> None:
    """Find bad pictures, labels that look wrong, and what is unlike the rest.

    Prints how many there are of each kind, and writes a page with the pictures, check.html, and check.json.
    The library's page shows them too, and Review what it finds of labels, until the next check.
    """
    from training.checking.check import check as run
    from training.checking.findings import parse_kinds
    from training.checking.recording import record
    from training.cli.console import Bars, quote, say
    from training.reporting.check_writing import write_checkup
    from training.workshop import Workshop

    kinds = parse_kinds(exclude or [])
    state = open_state()
    task = only_task(state, task)
    checkup = run(Workshop(state.engine, state.bundles, Bars()), task)
    record(state.engine, checkup)
    written = write_checkup(checkup, out or reports(state) / f"{task}-check")
    print_checkup(checkup)
    say(f"With the pictures: {quote(str(written.page))}, and for programs: {written.figures.name}")
    if kinds:
        _exclude(state, checkup, kinds)


def print_checkup(checkup: "Checkup") -> None:
    """How many pictures there are of each kind, and the labels that look wrong most."""
    from training.checking.findings import SUSPECT
    from training.cli.console import counted, make_table, quote, say, show

    table = make_table("finding", "pictures", "of them test")
    for part in checkup.found:
        in_test = sum(one.image.split == "test" for one in part.findings)
        table.add_row(part.kind.code, str(len(part.findings)), str(in_test))
    show(table)
    suspects = checkup.of(SUSPECT)
    for one in suspects[:SHOWN]:
        better = one.better or "no animal"
        say(f"  {quote(one.image.uri)}: labelled {quote(str(one.image.label))}, rather {quote(better)}")
    if len(suspects) > SHOWN:
        say(f"  and {len(suspects) - SHOWN} more labels that look wrong")
    for note in checkup.notes:
        say(quote(note))
    say(
        f"{checkup.pictures_found} of {counted(checkup.pictures, 'picture')} of {quote(checkup.task)} should "
        "be looked at."
    )


def _exclude(state: State, checkup: "Checkup", kinds: "tuple[Kind, ...]") -> None:
    from training.checking.exclusion import exclude_found
    from training.cli.console import counted, quote, say

    done = exclude_found(state.engine, checkup, kinds)
    if done.excluded:
        say(
            f"{counted(done.excluded, 'picture')} of {quote(checkup.task)} ({counted(done.files, 'file')}): "
            f"excluded. To take it back: menagerie pictures undo --task {quote(checkup.task)}"
        )
    else:
        say("No picture was excluded.")
    if done.left_in_test:
        say(
            f"{counted(done.left_in_test, 'test picture')} not excluded: what only a network doubts is not "
            "taken out of what models are measured on. Decide on them one by one: menagerie pictures exclude"
        )
