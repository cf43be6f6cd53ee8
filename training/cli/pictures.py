"""Commands on pictures: ingest, index."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.state import State, only_task, open_state

if TYPE_CHECKING:
    from databases.library import Counts
    from training.ingestion.run import IngestReport, SplitPlan

SHOWN_REFUSALS = 20


def ingest(
    source: Annotated[
        Path, typer.Argument(help="A folder of class folders, perhaps under train/val/test, or a .csv table.")
    ],
    task: Annotated[str | None, typer.Option(help="The label set they belong to. Default: the name.")] = None,
    name: Annotated[
        str | None, typer.Option(help="What to call this root. Default: the folder's name.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write what the root holds now as a table.")] = None,
    val: Annotated[float, typer.Option(min=0.01, max=0.5, help="Share held back to choose by.")] = 0.15,
    test: Annotated[float, typer.Option(min=0, max=0.4, help="Share held back to measure by.")] = 0.15,
    seed: Annotated[int, typer.Option(help="Decides which pictures are held back.")] = 0,
) -> None:
    """Bring pictures into the library: verify, hash, measure and split them.

    The pictures stay where they are. Run it again whenever the folder changes: only new and changed
    files are read, and no picture moves from one split to another.
    """
    from training.errors import NoPictures
    from training.ingestion.run import SplitPlan

    state = open_state()
    root = check_name(name or slug(source.resolve().stem if source.is_file() else source.resolve().name))
    report = ingest_source(state, source, root, check_name(task or root), SplitPlan(val, test, seed))
    if csv is not None:
        _write_csv(state, root, csv)
    print_report(report)
    if not report.pictures:
        raise NoPictures(f"none of the files in {source} can be used: there is nothing to learn from")


def index(
    version: Annotated[str | None, typer.Option(help="The model. Default: the task's champion.")] = None,
    task: Annotated[str | None, typer.Option(help="Default: the library's only task.")] = None,
) -> None:
    """Embed the library's pictures under a model, so that similar ones can be found."""
    from training.cli.models import index_for
    from training.cli.registered import find_model

    state = open_state()
    task = only_task(state, task)
    model = find_model(state, version, task)
    index_for(state, model, task)


def ingest_source(state: State, source: Path, name: str, task: str, plan: "SplitPlan") -> "IngestReport":
    from training.cli.console import Bars
    from training.ingestion.run import ingest as run
    from training.ingestion.sources import open_source

    return run(state.engine, open_source(source), name=name, task=task, plan=plan, progress=Bars())


def slug(name: str) -> str:
    """A folder's name as a name for a task: lower case, with dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "pictures"


def check_name(name: str) -> str:
    """Returns `name`, which is to name files as well.

    Raises:
        BadSource: it has other characters than lower-case letters, digits, dots, dashes and underscores.
    """
    from training.errors import BadSource
    from training.starter import TASK

    if name == TASK:
        raise BadSource(f"{name!r} is the starter model's own task: choose another name with --name")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", name):
        raise BadSource(f"{name!r} cannot name a task: use lower-case letters, digits, dots and dashes")
    return name


def print_report(report: "IngestReport") -> None:
    from training.cli.console import quote, say

    show_counts(report.counts)
    say(
        f"{quote(report.root)}: {report.pictures} pictures ({report.added} new, {report.changed} changed, "
        f"{report.unchanged} as before, {report.missing} gone), {report.copies} exact copies"
    )
    if report.passed_over:
        kinds = ", ".join(f"{count} {quote(suffix)}" for suffix, count in report.passed_over.most_common(5))
        say(f"Passed over, being no pictures: {kinds}")
    if report.refused:
        say(f"[yellow]{len(report.refused)} files cannot be used:[/yellow]")
    for refusal in report.refused[:SHOWN_REFUSALS]:
        say(f"  {refusal.reason}: {quote(refusal.uri)}")
    if len(report.refused) > SHOWN_REFUSALS:
        say(f"  and {len(report.refused) - SHOWN_REFUSALS} more, kept in the database with their reason")


def show_counts(counts: "Counts") -> None:
    """A table of how many pictures there are, a row a label and a column a split."""
    from training.cli.console import make_table, quote, show

    table = make_table("label", "train", "val", "test", "no split")
    for label in sorted({label or "" for label, _ in counts}):
        row = [counts.get((label or None, split), 0) for split in ("train", "val", "test", None)]
        table.add_row(quote(label) or "(none)", *map(str, row))
    show(table)


def _write_csv(state: State, root: str, path: Path) -> None:
    from sqlalchemy.orm import Session

    from databases import library
    from training.cli.console import quote, say
    from training.ingestion.table import write_table

    with Session(state.engine) as session:
        count = write_table(library.root_images(session, root), path)
    say(f"{count} rows written to {quote(str(path))}")
