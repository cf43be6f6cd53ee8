"""Commands on models: list, promote, roll back, export; and on the database's schema."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.program import Commands
from training.cli.state import State, only_task, open_state, open_state_to_read, open_tracked_state
from training.cli.workplaces import HERE, Workplace

if TYPE_CHECKING:
    from rich.table import Table

    from databases.registry import RegisteredModel

models = Commands(help="The registry: list, promote and roll back models.")
db = Commands(help="The database's schema.")


@models.command("list")
def list_models(task: Annotated[str | None, typer.Option(help="Only this task's.")] = None) -> None:
    """List the models by task, newest first, with their accuracy on the task's test pictures."""
    from sqlalchemy.orm import Session

    from databases import registry
    from training.cli.console import quote, say, show

    with Session(open_state_to_read().engine) as session:
        found = registry.list_models(session, task)
    if not found:
        say("No model yet. To begin: menagerie starter, or menagerie train")
        return
    for name in dict.fromkeys(model.task for model in found):
        say(f"[bold]{quote(name)}[/bold]")
        show(_table([model for model in found if model.task == name]))


@models.command()
def promote(
    version: Annotated[str, typer.Argument(help="For example cats-dogs-2.")],
    force: Annotated[
        bool, typer.Option("--force", help="Even if it scores worse than the champion.")
    ] = False,
) -> None:
    """Make a model the champion of its task: the one that serves.

    It must load and answer its golden inputs as recorded, and score no worse than the champion on the same
    test split.
    """
    from training.cli.answering import say_unanswered

    with open_tracked_state() as state:
        say_unanswered(state, promote_version(state, version, force=force))


@models.command()
def rollback(
    task: Annotated[str | None, typer.Option(help="Default: the only task that has a champion.")] = None,
) -> None:
    """Go back to the champion before this one."""
    from training.cli.console import Bars, quote, say
    from training.promotion import rollback as run

    with open_tracked_state() as state:
        task = _task_to_roll_back(state, task)
        model = run(state.engine, state.bundles, task, Bars())
        _track_champion(state, model)
        index_for(state, model, task)
        say(f"[bold]{quote(model.version)}[/bold] is the champion of {quote(task)} again. {TAKEN_UP}")


def _task_to_roll_back(state: State, named: str | None) -> str:
    """The task that was named, or else the only one with a champion; of several, the library's only one.

    Raises:
        UnknownModel: no model was promoted.
    """
    from sqlalchemy.orm import Session

    from databases import registry
    from databases.errors import UnknownModel

    with Session(state.engine) as session:
        known = registry.promoted_tasks(session)
    if named is None and not known:
        raise UnknownModel("no model was promoted yet, so there is no champion to go back from")
    return known[0] if named is None and len(known) == 1 else only_task(state, named)


def export(
    version: Annotated[str, typer.Argument(help="For example cats-dogs-2.")],
    out: Annotated[Path, typer.Option(help="The folder to write the bundle into.")],
) -> None:
    """Copy a model's bundle, checked, to a folder of your own."""
    from backend.inference.bundle import load_bundle
    from training.cli.console import quote, say
    from training.cli.registered import find_model
    from training.errors import TrainingError

    state = open_state_to_read()
    model = find_model(state, version, None)
    target = out / model.version
    if target.exists():
        raise TrainingError(f"{target} is there already; name another folder with --out")
    bundle = load_bundle(state.bundle(model))
    shutil.copytree(bundle.folder, target)
    load_bundle(target)
    say(f"{quote(model.version)} is in {quote(str(target))}")


def starter(
    out: Annotated[
        Path | None, typer.Option(help="Only write the bundle here, and touch no database.")
    ] = None,
    int8: Annotated[
        bool,
        typer.Option(
            "--int8",
            help="In 8-bit integers as well: it serves instead if a picture takes clearly less time here, as "
            "on processors with VNNI.",
        ),
    ] = False,
) -> None:
    """Build the starter model, which knows 398 animals without any training."""
    from training.cli.console import Bars, quote, say
    from training.starter import build_int8_starter, build_starter, ensure_int8_starter, ensure_starter

    if out is not None:
        manifest = (build_int8_starter(out, Bars()) if int8 else None) or build_starter(out, Bars())
        say(f"{manifest.version} is in {quote(str(out / manifest.version))}")
        return
    state = open_state()
    model = (ensure_int8_starter if int8 else ensure_starter)(state.engine, state.bundles, Bars())
    say(f"[bold]{model.version}[/bold] is in the registry, as {model.state} of {quote(model.task)}")


@db.command()
def upgrade() -> None:
    """Make the database, or bring it to this version's schema."""
    from training.cli.console import quote, say

    engine = open_state().engine
    say(f"{quote(engine.url.render_as_string(hide_password=True))} is up to date")


TAKEN_UP = "A running service takes it up within seconds."


def promote_version(state: State, version: str, *, force: bool) -> "RegisteredModel":
    """Promotes, and embeds the task's pictures for the gallery."""
    from training.cli.console import Bars, quote, say
    from training.promotion import promote as run

    promoted = run(state.engine, state.bundles, version, force=force, progress=Bars())
    _track_champion(state, promoted.model)
    _say_indexed(promoted.model, promoted.indexed)
    compared = ""
    if promoted.before and promoted.accuracy is not None and promoted.accuracy_before is not None:
        compared = (
            f", {promoted.accuracy:.1%} against {promoted.before.version}'s {promoted.accuracy_before:.1%}"
        )
    task = quote(promoted.model.task)
    say(f"[bold]{quote(version)}[/bold] is the champion of {task}{quote(compared)}. {TAKEN_UP}")
    return promoted.model


def _table(found: "list[RegisteredModel]") -> "Table":
    from training.cli.console import make_table, quote

    table = make_table("version", "state", "architecture", "labels", "accuracy", "made")
    for column in table.columns:  # on a narrow screen a version can still be copied
        column.no_wrap = column.header != "architecture"
    for model in found:
        accuracy = f"{model.metrics['accuracy']:.1%}" if model.metrics else "-"
        made = f"{model.created_at:%Y-%m-%d}"
        architecture, labels = quote(model.architecture), str(len(model.labels))
        table.add_row(quote(model.version), model.state, architecture, labels, accuracy, made)
    return table


def index_for(state: State, model: "RegisteredModel", task: str, place: Workplace = HERE) -> None:
    from training.cli.console import Bars
    from training.indexing import index, open_model_gallery

    added = index(state.engine, state.bundles, model, task, Bars(), run=place.runner)
    open_model_gallery(state.engine, state.bundles, model).close()
    _say_indexed(model, added)


def track_standing_champion(state: State, task: str) -> None:
    """Tells who the champion of a task is now: the service knows no MLflow, and told nobody of promotions
    that were asked of it."""
    from sqlalchemy.orm import Session

    from backend.bundles.places import has_bundle
    from databases import registry

    with Session(state.engine) as session:
        champion = registry.champion(session, task)
    if champion is not None and has_bundle(state.bundles, champion.bundle_uri):
        _track_champion(state, champion)


def _track_champion(state: State, model: "RegisteredModel") -> None:
    from training.tracking.messages import Promoted

    state.track(Promoted(str(state.bundle(model).absolute())))


def _say_indexed(model: "RegisteredModel", count: int) -> None:
    from training.cli.console import counted, quote, say

    say(f"The gallery of {quote(model.version)} is complete ({counted(count, 'picture')} added).")
