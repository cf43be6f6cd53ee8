"""`menagerie pictures`: what people decide on single pictures."""

from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.program import Commands
from training.cli.state import State, only_task, open_state, open_state_to_read

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from databases.corrections import Kind, Recorded

pictures = Commands(
    help="Decide on single pictures: exclude, include, relabel. It holds for every copy, wherever it lies, "
    "through every later ingest, and can be undone.",
)

SHOWN = 50  # decisions

Named = Annotated[
    list[str],
    typer.Argument(metavar="PICTURE", help="Paths, ids, or the first characters of content hashes."),
]
Task = Annotated[str | None, typer.Option(help="Default: the library's only task.")]
Reason = Annotated[str | None, typer.Option(help="Why; it is kept with the decision.")]


@pictures.command()
def exclude(named: Named, task: Task = None, reason: Reason = None) -> None:
    """Use pictures no more: not for training, not in the gallery, not in tables."""
    _decide(named, task, "exclude", reason, "excluded")


@pictures.command()
def include(named: Named, task: Task = None, reason: Reason = None) -> None:
    """Use pictures, though they were excluded or their label was dropped."""
    _decide(named, task, "include", reason, "included")


@pictures.command()
def relabel(
    named: Named,
    to: Annotated[str, typer.Option(help="The right label.")],
    task: Task = None,
    reason: Reason = None,
    new: Annotated[bool, typer.Option("--new", help="The task has no such label yet.")] = False,
) -> None:
    """Give pictures their right label, whatever their folder is called. They keep their split."""
    _decide(named, task, "label", reason, f"{to} now", to, new=new)


@pictures.command()
def undo(
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="ID", help="Of decisions. Default: those that were made last."),
    ] = None,
    task: Task = None,
) -> None:
    """Take decisions back: what held before them holds again."""
    from sqlalchemy.orm import Session

    from databases import corrections
    from databases.errors import NothingToUndo
    from training.cli.console import counted, say

    state = open_state()
    with Session(state.engine) as session, session.begin():
        chosen = ids
        if not chosen:
            task = only_task(state, task)
            chosen = corrections.latest(session, task)
            if not chosen:
                raise NothingToUndo(f"no decision on a picture of task {task!r} holds")
        count = corrections.undo(session, chosen)
    say(f"{counted(count, 'decision')} undone.")


@pictures.command()
def decisions(
    named: Annotated[list[str] | None, typer.Argument(metavar="PICTURE", help="Only those on these.")] = None,
    task: Task = None,
    all_: Annotated[bool, typer.Option("--all", help="The undone ones too, and however many.")] = False,
) -> None:
    """List what was decided, the newest first."""
    from sqlalchemy.orm import Session

    from databases import corrections
    from databases.finding import files_of, find_content
    from training.cli.console import quote, say

    state = open_state_to_read()
    task = only_task(state, task)
    with Session(state.engine) as session:
        wanted = {find_content(session, task, name) for name in named or []}
        found = [
            one
            for one in corrections.listed(session, task)
            if (all_ or one.undone_at is None) and (not wanted or one.sha256 in wanted)
        ]
        shown = found if all_ else found[:SHOWN]
        files = files_of(session, task, {one.sha256 for one in shown})
    for one in shown:
        say(quote(_line(one, files.get(one.sha256, []))))
    if len(found) > len(shown):
        say(f"and {len(found) - len(shown)} more; --all lists every one")
    if not found:
        say(f"No decision on a picture of {quote(task)} holds.")


def say_unsplit(state: State, task: str) -> None:
    """Tells of labelled pictures that no training uses yet: when they came in they had no label, or were
    excluded."""
    from sqlalchemy.orm import Session

    from databases import library
    from training.cli.console import counted, say

    with Session(state.engine) as session:
        counts = library.count_task_by_label_and_split(session, task)
    lacking = sum(count for (label, split), count in counts.items() if label and not split)
    if lacking:
        say(f"Not split yet: {counted(lacking, 'picture')}. The next training does it.")


def _decide(
    named: list[str],
    task: str | None,
    kind: "Kind",
    reason: str | None,
    become: str,
    label: str | None = None,
    *,
    new: bool = False,
) -> None:
    from sqlalchemy.orm import Session

    from databases import corrections
    from databases.finding import files_of, find_content
    from training.cli.console import counted, quote, say

    state = open_state()
    task = only_task(state, task)
    with Session(state.engine) as session, session.begin():
        if label is not None:
            _check_label(session, task, label, new=new)
        contents = {find_content(session, task, name) for name in named}
        count = len(corrections.add(session, task, sorted(contents), kind, label=label, reason=reason))
        files = sum(map(len, files_of(session, task, contents).values()))
    say(
        f"{counted(count, 'picture')} of {quote(task)} ({counted(files, 'file')}): {quote(become)}. "
        f"To take it back: menagerie pictures undo --task {quote(task)}"
    )
    say_unsplit(state, task)


def _check_label(session: "Session", task: str, label: str, *, new: bool) -> None:
    from databases import label_operations, library

    label_operations.check_name(label)
    if not new:
        known = library.labels(session, task)
        label_operations.check_known(task, [label], known, "for a new label say --new")


def _line(one: "Recorded", files: list[str]) -> str:
    what = f"label {one.label}" if one.kind == "label" else f"{one.kind}d"
    where = files[0] if files else f"{one.sha256[:12]}, not in the library"
    copies = f" and {len(files) - 1} more" if len(files) > 1 else ""
    reason = f" ({one.reason})" if one.reason else ""
    undone = ", undone" if one.undone_at else ""
    by = f" by {one.made_by}" if one.made_by else ""
    return f"{one.id:>5}  {one.made_at:%Y-%m-%d %H:%M}  {what}{by}{undone}: {where}{copies}{reason}"
