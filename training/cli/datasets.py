"""`menagerie data`: what models were trained on, and what became of it since."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.program import Commands
from training.cli.state import State, only_task, open_state_to_read

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from training.cli.differences import Side

data = Commands(help="What models were trained on, and what changed since.")

TODAY = "now"
SHOWN = 20  # pictures of each kind


@data.command("list")
def list_data(task: Annotated[str | None, typer.Option(help="Only this task's.")] = None) -> None:
    """List the data sets that models were trained on, newest first."""
    from sqlalchemy.orm import Session

    from databases import dataset_versions
    from training.cli.console import make_table, quote, say, show
    from training.cli.differences import SHORT

    with Session(open_state_to_read().engine) as session:
        kept = dataset_versions.list_kept(session, task)
        older = dataset_versions.models_without(session, task)
    if kept:
        table = make_table("data set", "task", "pictures", "made", "models")
        for one in kept:
            made, models = f"{one.created_at:%Y-%m-%d %H:%M}", ", ".join(one.models)
            table.add_row(one.fingerprint[:SHORT], quote(one.task), str(one.pictures), made, quote(models))
        show(table)
    else:
        say("No data set is kept yet; each will be when a model is trained on it: menagerie train")
    if older:
        say(f"Trained before data sets were kept: {quote(', '.join(older))}")


@data.command("diff")
def diff_data(
    first: Annotated[str, typer.Argument(metavar="A", help="A model, a data set of the list, or: now")],
    second: Annotated[str, typer.Argument(metavar="B", help="What became of it; today's library is: now")],
    task: Annotated[str | None, typer.Option(help="Whose library is now's. Default: the other's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for programs.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Print every picture, not only the first 20.")] = False,
) -> None:
    """Show what was added, removed, relabelled and moved to another split from A to B."""
    from sqlalchemy.orm import Session

    from databases.data_diff import diff
    from databases.finding import files_of
    from training.cli.differences import Files, difference_json, print_difference

    state = open_state_to_read()
    with Session(state.engine) as session:
        sides = _sides(state, session, first, second, task)
        found = diff(sides[0].members, sides[1].members)
        files: Files = {}
        for name in {side.task for side in sides}:
            files |= files_of(session, name, found.contents)
    if as_json:
        typer.echo(json.dumps(difference_json(sides, found, files), ensure_ascii=False, indent=2))
    else:
        print_difference(sides, found, files, None if all_ else SHOWN)


def _sides(
    state: State, session: "Session", first: str, second: str, task: str | None
) -> "tuple[Side, Side]":
    sides = {name: _kept(session, name) for name in (first, second) if name != TODAY}
    if TODAY in (first, second):
        others = next((side.task for side in sides.values()), None)
        sides[TODAY] = _today(session, only_task(state, task or others))
    return sides[first], sides[second]


def _kept(session: "Session", name: str) -> "Side":
    from databases import dataset_versions, registry
    from databases.errors import UnknownDataset, UnknownModel
    from training.cli.differences import SHORT, Side

    try:
        model = registry.get_model(session, name)
    except UnknownModel:
        kept = dataset_versions.find_kept(session, name)
        members = dataset_versions.read_members(session, kept.fingerprint)
        return Side(kept.fingerprint[:SHORT], kept.task, members)
    if model.dataset_fingerprint is None:
        raise UnknownDataset(f"{name} was not trained on pictures of the library")
    if name in dataset_versions.models_without(session):
        raise UnknownDataset(
            f"{name} was trained before data sets were kept, so nobody can tell what on; "
            "it can be told of every model that is trained from now on"
        )
    return Side(name, model.task, dataset_versions.read_members(session, model.dataset_fingerprint))


def _today(session: "Session", task: str) -> "Side":
    from databases import library
    from training.cli.differences import Side
    from training.dataset import members
    from training.errors import NoPictures

    images = [image for image in library.task_images(session, task) if image.label and image.split]
    if not images:
        raise NoPictures(f"task {task!r} has no picture to train on; run: menagerie ingest DIR --task {task}")
    return Side(TODAY, task, members(images))
