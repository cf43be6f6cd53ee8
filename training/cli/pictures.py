"""Commands on pictures: ingest, index."""

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.state import State, open_state
from training.cli.workplaces import HERE, Address, Engine, EngineOption, Workplace, workplace

if TYPE_CHECKING:
    from databases.library import Counts
    from training.ingestion.run import IngestReport, SplitPlan
    from training.ingestion.store import Store

SHOWN_REFUSALS = 20


class Duplicates(StrEnum):
    """By what pictures that show the same are found."""

    HASH = "hash"
    EMBEDDING = "embedding"


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="Folders of class folders, perhaps under train/val/test; .csv tables (file_path,label and "
            "perhaps split); COCO .json files; .zip and .tar archives of any of these; here, or at URLs such "
            "as s3://bucket/prefix.",
            show_default=False,
        ),
    ],
    task: Annotated[str | None, typer.Option(help="The label set they belong to. Default: the name.")] = None,
    name: Annotated[
        str | None, typer.Option(help="What to call this root. Default: the folder's name.")
    ] = None,
    copy_to: Annotated[
        str | None,
        typer.Option(
            help="Copy the pictures to this folder or URL, each content once, and use them from there. "
            "Default: they are used where they lie."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail if any file cannot be used, after recording all of them.")
    ] = False,
    duplicates: Annotated[
        Duplicates,
        typer.Option(
            envvar="MENAGERIE_DUPLICATES",
            help="How to find pictures that show the same, which are never parted by a split. hash: scaled, "
            "re-encoded, mirrored, turned by quarters, brighter or darker ones, at once. embedding: cut and "
            "slightly turned ones too, some 10 ms a picture, which training then need not spend.",
        ),
    ] = Duplicates.EMBEDDING,
    csv: Annotated[Path | None, typer.Option(help="Write what the roots hold now as a table.")] = None,
    val: Annotated[float, typer.Option(min=0.01, max=0.5, help="Share held back to choose by.")] = 0.15,
    test: Annotated[float, typer.Option(min=0, max=0.4, help="Share held back to measure by.")] = 0.15,
    seed: Annotated[int, typer.Option(help="Decides which pictures are held back.")] = 0,
    engine: EngineOption = Engine.LOCAL,
    address: Address = None,
) -> None:
    """Bring pictures into the library: verify, hash and split them.

    Run it again whenever a source changes: only new and changed files are read, and no picture moves from
    one split to another. Archives are unpacked beside the database. AWS_* variables say how S3 is reached.
    """
    from training.cli.around_ingest import check_writable, say_next
    from training.errors import BadSource, NoPictures
    from training.ingestion.run import SplitPlan
    from training.ingestion.store import open_store

    if len(sources) > 1 and (name is not None or task is None):
        raise BadSource("of several sources each is called as it is: name what they belong to with --task")
    roots = [check_name(root) for root in ([name] if name else names_of(sources))]
    place = workplace(engine, address)
    if csv is not None:
        check_writable(csv)
    store = open_store(copy_to) if copy_to is not None else None
    state = open_state()
    plan = SplitPlan(val, test, seed)
    called = check_name(task or roots[0])
    reports = ingest_sources(state, sources, roots, called, plan, store, duplicates, place)
    if csv is not None:
        _write_csv(state, roots, csv)
    for report in reports:
        print_report(report, shown=None if strict else SHOWN_REFUSALS)
    if strict:
        _refuse_bad_files(reports)
    for report, source in zip(reports, sources, strict=True):
        if not report.pictures:
            raise NoPictures(f"none of the files in {source} can be used: there is nothing to learn from")
    say_next(state, reports[0].task)


def index(
    version: Annotated[str | None, typer.Option(help="The model. Default: the task's champion.")] = None,
    task: Annotated[
        str | None, typer.Option(help="Default: the model's task, or the library's only one.")
    ] = None,
    answers: Annotated[
        bool,
        typer.Option(
            "--answers/--no-answers",
            help="Keep what the model answers to each picture too, and whether its neighbours agree, so that "
            "Review shows first where they doubt its label. Once for each: as long as embedding it, and some "
            "10 ms more.",
        ),
    ] = True,
    engine: EngineOption = Engine.LOCAL,
    address: Address = None,
) -> None:
    """Embed the library's pictures under a model, so that similar ones can be found."""
    from training.cli.answering import answer_for
    from training.cli.console import quote, say
    from training.cli.models import index_for
    from training.cli.registered import find_model

    place = workplace(engine, address)
    state = open_state()
    model = find_model(state, version, task)
    task = task or model.task
    _check_pictures(state, task)
    with place.opened():
        index_for(state, model, task, place)
        if task == model.task and answers:
            answer_for(state, model, place)
    if task != model.task:
        say(
            f"The service finds similar pictures in its own model's task only, here {quote(model.task)}. "
            f"For one of {quote(task)}: menagerie train --task {quote(task)} --promote"
        )


def ingest_sources(
    state: State,
    sources: Sequence[str | Path],
    names: Sequence[str],
    task: str,
    plan: "SplitPlan",
    store: "Store | None" = None,
    duplicates: Duplicates | None = None,
    place: Workplace = HERE,
) -> "list[IngestReport]":
    """Brings several roots of a task up to date, each from its source. `duplicates`: how to find pictures
    that show the same; by default as MENAGERIE_DUPLICATES says."""
    from databases.settings import load_settings
    from training.cli.around_ingest import check_labelled
    from training.cli.console import Bars
    from training.cli.look_alikes import look_closer
    from training.ingestion.run import ingest as run
    from training.ingestion.sources import open_sources
    from training.ingestion.sources.archives import ArchiveLimits, Unpacking

    progress = Bars()
    unpacking = Unpacking(state.unpacked, load_settings(ArchiveLimits), progress)
    closer = look_closer(state, progress, duplicates, place.runner)
    opened = open_sources(sources, unpacking)
    check_labelled(state, opened, task)
    with place.opened():
        return [
            run(
                state.engine,
                source,
                name=name,
                task=task,
                plan=plan,
                progress=progress,
                store=store,
                look_closer=closer,
                examiner=place.examiner,
            )
            for source, name in zip(opened, names, strict=True)
        ]


def names_of(sources: Sequence[str]) -> list[str]:
    """What sources are called by their own names; where two share one, their folders' names are added.

    Raises:
        BadSource: they still do.
    """
    from databases.places import parse_place
    from training.errors import BadSource
    from training.ingestion.sources.members import archive_stem

    def called(source: str, *, with_folder: bool) -> str:
        place = parse_place(source)
        place = place.resolve() if isinstance(place, Path) else place
        stem = place.name if isinstance(place, Path) and place.is_dir() else Path(place.name).stem
        own = archive_stem(place.name) or stem
        return slug(f"{place.parent.name} {own}" if with_folder else own)

    names = [called(source, with_folder=False) for source in sources]
    if len(set(names)) < len(names):
        names = [called(source, with_folder=True) for source in sources]
    if len(set(names)) < len(names):
        raise BadSource(
            "two of the sources have the same name: ingest them one by one, with --name and --task"
        )
    return names


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


def print_report(report: "IngestReport", shown: int | None = SHOWN_REFUSALS) -> None:
    """Says what an ingest did; of the files that cannot be used at most `shown`."""
    from training.cli.console import counted, quote, say

    show_counts(report.counts)
    say(
        f"{quote(report.root)}: {counted(report.pictures, 'picture')} ({report.added} new, "
        f"{report.changed} changed, {report.unchanged} as before, {report.missing} gone), "
        f"{counted(report.redundant.copies, 'exact copy', 'exact copies')}, "
        f"{counted(report.redundant.look_alikes, 'look-alike')}"
    )
    if report.passed_over:
        kinds = ", ".join(f"{count} {quote(suffix)}" for suffix, count in report.passed_over.most_common(5))
        say(f"Passed over, being no pictures: {kinds}")
    if report.refused:
        say(f"[yellow]{counted(len(report.refused), 'file')} cannot be used:[/yellow]")
    for refusal in report.refused[:shown]:
        say(f"  {refusal.reason}: {quote(refusal.uri)}")
    if shown is not None and len(report.refused) > shown:
        more = len(report.refused) - shown
        say(f"  and {more} more; all of them: menagerie pictures refused --task {quote(report.task)}")


def show_counts(counts: "Counts") -> None:
    """A table of how many pictures there are, a row a label and a column a split."""
    from training.cli.console import make_table, quote, show

    table = make_table("label", "train", "val", "test", "no split")
    for label in sorted({label or "" for label, _ in counts}):
        row = [counts.get((label or None, split), 0) for split in ("train", "val", "test", None)]
        table.add_row(quote(label) or "(none)", *map(str, row))
    show(table)


def _refuse_bad_files(reports: "Sequence[IngestReport]") -> None:
    from training.cli.console import counted
    from training.errors import BadFiles
    from training.ingestion.sources.found import UNNAMEABLE

    count = sum(len(report.refused) + report.passed_over[UNNAMEABLE] for report in reports)
    if count:
        raise BadFiles(f"{counted(count, 'file')} cannot be used, and none may be so with --strict")


def _check_pictures(state: State, task: str) -> None:
    from sqlalchemy.orm import Session

    from databases import library
    from training.errors import NoPictures

    with Session(state.engine) as session:
        known = library.tasks(session)
    if task not in known:
        there = f"the library has: {', '.join(known)}" if known else "the library is empty"
        raise NoPictures(f"task {task!r} has no picture, {there}; run: menagerie ingest DIR --task {task}")


def _write_csv(state: State, roots: Sequence[str], path: Path) -> None:
    from sqlalchemy.orm import Session

    from databases import library
    from training.cli.console import counted, quote, say
    from training.ingestion.table import write_table

    with Session(state.engine) as session:
        count = write_table([image for root in roots for image in library.root_images(session, root)], path)
    say(f"{counted(count, 'row')} written to {quote(str(path))}")
