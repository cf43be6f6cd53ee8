"""`menagerie compare`: two models side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.evaluating import reports
from training.cli.state import State, open_state_to_read

if TYPE_CHECKING:
    from databases.registry import RegisteredModel
    from training.comparison import Comparison, Reply, Row
    from training.questions import Question

SHOWN = 20  # rows


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="A model, for example the champion.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The model to hold against it.")],
    images: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders; a folder's name is the label. Default: the test split."),
    ] = None,
    task: Annotated[str | None, typer.Option(help="Whose test split. Default: the models' own.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write. Default: reports/A-and-B beside the bundles.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Print every picture, not only the first 20.")] = False,
) -> None:
    """Show what two models answer to the same pictures, and whether one is really better.

    Pictures that one of them was trained on are shown and told, but not counted.
    Prints the table and writes it, with the pictures, as compare.html and as compare.csv.
    Of the test split the answers are kept too, so that the Models page counts them as well.
    """
    from sqlalchemy.orm import Session

    from backend.inference.bundle import load_bundle
    from databases import registry
    from training.cli.console import Bars, quote, say
    from training.comparison import compare as run
    from training.dataset import contents_learnt
    from training.reporting.writing import write_comparison

    state = open_state_to_read()
    with Session(state.engine) as session:
        models = registry.get_model(session, first), registry.get_model(session, second)
        learnt = contents_learnt(session, models[0]), contents_learnt(session, models[1])
    questions = _questions(state, models, images or [], task)
    a, b = (load_bundle(state.bundle(model)) for model in models)
    comparison = run(a, b, questions, Bars(), learnt)
    written = write_comparison(comparison, out or reports(state) / f"{first}-and-{second}")
    print_comparison(comparison, None if all_ else SHOWN)
    say(f"Side by side with the pictures: {quote(str(written.page))}, and as a table: {written.figures.name}")
    _keep(models, comparison)


def _keep(models: "tuple[RegisteredModel, RegisteredModel]", comparison: "Comparison") -> None:
    """Keeps what both said of pictures of their own task, for the service to count."""
    if not any(comparison.said):
        return
    from training.answering import keep_answers
    from training.cli.state import open_state

    engine = open_state().engine
    for model, said in zip(models, comparison.said, strict=True):
        keep_answers(engine, model, said)


def print_comparison(comparison: "Comparison", shown: int | None) -> None:
    """The first `shown` rows, or all; then who is right how often, and what follows."""
    from training.cli.console import counted, quote, say
    from training.reporting.comparison_page import conclusions

    _print_rows(comparison, shown)
    for one in comparison.unreadable[:SHOWN]:
        say(f"[yellow]not readable:[/yellow] {quote(one.name)}: {quote(one.reason)}")
    if len(comparison.unreadable) > SHOWN:
        say(f"and {len(comparison.unreadable) - SHOWN} more that are not readable")
    if comparison.counted:
        for manifest, share in zip((comparison.first, comparison.second), comparison.shares, strict=True):
            interval = f"95 % interval {share.low:.1%} to {share.high:.1%}"
            new = " that neither learnt from" if any(comparison.learnt) else ""
            right = f"{share.value:.1%} right on {counted(share.total, 'picture')}{new} ({interval})"
            say(f"[bold]{quote(manifest.version)}[/bold]: {right}")
    for sentence in conclusions(comparison):
        say(quote(sentence))


def _print_rows(comparison: "Comparison", shown: int | None) -> None:
    from training.cli.console import make_table, quote, say, show

    versions = comparison.first.version, comparison.second.version
    table = make_table("picture", "expected", *map(quote, versions))
    for column in table.columns:
        column.justify = "left"
    for row in comparison.rows[:shown]:
        table.add_row(*map(quote, _cells(row)))
    show(table)
    if shown is not None and len(comparison.rows) > shown:
        say(f"{len(comparison.rows) - shown} more, where they differ less; --all prints every one")


def _cells(row: "Row") -> tuple[str, str, str, str]:
    return row.question.name, row.question.expected or "-", _reply(row.first), _reply(row.second)


def _reply(reply: "Reply") -> str:
    mark = "" if reply.right is None else "✓ " if reply.right else "✗ "
    sure = ">99%" if reply.probability > 0.99 else f"{reply.probability:.0%}"
    return f"{mark}{reply.label} {sure}"


def _questions(
    state: State, models: "tuple[RegisteredModel, RegisteredModel]", images: list[Path], task: str | None
) -> "tuple[Question, ...]":
    from training.dataset import load_dataset
    from training.errors import NoPictures
    from training.questions import from_library, from_paths

    if images:
        return from_paths(images, frozenset(models[0].labels + models[1].labels))
    task = task or _shared_task(state, models)
    test = load_dataset(state.engine, task).test
    if not test:
        raise NoPictures(f"task {task!r} has no test pictures; name some: menagerie compare A B IMAGES")
    return from_library(test)


def _shared_task(state: State, models: "tuple[RegisteredModel, RegisteredModel]") -> str:
    """The one task of both models that has pictures: the starter's own has none."""
    from sqlalchemy.orm import Session

    from databases import library
    from training.errors import NoPictures

    with Session(state.engine) as session:
        known = library.tasks(session)
    tasks = sorted({model.task for model in models} & set(known))
    if not tasks:
        raise NoPictures("neither model's task has pictures; name some: menagerie compare A B IMAGES")
    if len(tasks) > 1:
        raise NoPictures(f"the models belong to several tasks, name one with --task: {', '.join(tasks)}")
    return tasks[0]
