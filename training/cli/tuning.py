"""`menagerie tune`: the search for a recipe, and the best one trained."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli import train_options, tune_options
from training.cli.evaluating import reports
from training.cli.learning import train_task
from training.cli.state import State, only_task, open_state, open_tracked_state
from training.cli.workplaces import Address, Engine, EngineOption, workplace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.tuning.outcome import Outcome
    from training.tuning.plan import Plan
    from training.tuning.space import Space

SHOWN = 10  # trials


def tune(
    task: Annotated[str | None, typer.Option(help="Default: the library's only task.")] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make the best the champion if it is no worse.")
    ] = False,
    no_retrain: Annotated[
        bool, typer.Option("--no-retrain", help="Only search; train --config takes the recipe.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be chosen from, as YAML for --space.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="The report's folder. Default: reports/STUDY beside the bundles.")
    ] = None,
    architectures: tune_options.Architectures = None,
    strategies: tune_options.Strategies = None,
    space: tune_options.SpaceFile = None,
    epochs: tune_options.Epochs = None,
    monitor: tune_options.Monitor = None,
    weights: train_options.WeightsFile = None,
    seed: train_options.Seed = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda or mps.", rich_help_panel=train_options.RECIPE)
    ] = None,
    trials: tune_options.Trials = 20,
    time_limit: tune_options.TimeLimit = None,
    jobs: tune_options.Jobs = 1,
    study: tune_options.Study = None,
    storage: tune_options.Storage = None,
    engine: EngineOption = Engine.LOCAL,
    address: Address = None,
) -> None:
    """Search for the best recipe by a task's val pictures, then train by it and register the model.

    Trials that fall behind are stopped early. Whatever ends it, the same command goes on where it was; typed
    in another terminal, it helps. Writes a report with the course of the search, and the recipe.
    """
    common = {"epochs": epochs, "monitor": monitor, "seed": seed, "device": device}
    from training.cli.console import Bars, say
    from training.cli.taking_up import take_up_labelled
    from training.dataset import load_dataset
    from training.methods import check_device, check_weights
    from training.tuning.plan import make_plan
    from training.tuning.search import search
    from training.tuning.storage import check_storage
    from training.workshop import Workshop

    common["weights"] = None if weights is None else str(weights.absolute())
    chosen = space_for(space, architectures or [], strategies or [], common)
    if dry_run:
        say(chosen.to_yaml().rstrip())
        return
    check_weights(chosen.shared.weights)
    if engine is Engine.LOCAL:
        check_device(chosen.shared)
    place = workplace(engine, address)
    state = open_state()
    if storage is not None:
        check_storage(storage, jobs, state.engine)
    task = only_task(state, task)
    take_up_labelled(state, task)
    dataset = load_dataset(state.engine, task)
    plan = make_plan(state.bundles, dataset, chosen, trials, study, storage)
    print_plan(plan, jobs)
    with place.opened():
        shop = Workshop(state.engine, state.bundles, Bars())
        search(shop, plan, jobs=jobs, seconds=time_limit, hire=place.hire)
    folder = out or reports(state) / plan.name
    outcome = conclude(plan, folder)
    if no_retrain:
        return
    if outcome.others_at_work:
        say("Other processes are still at it: the last of them trains the best")
    else:
        with open_tracked_state() as tracked:
            train_best(tracked, plan, outcome, promote=promote)
        conclude(plan, folder, quietly=True)  # the report can name the model now


def space_for(
    file: Path | None, architectures: list[str], strategies: list[str], common: "Mapping[str, object]"
) -> "Space":
    """The space of a command line: its own values before those of `file`, and these before the defaults.

    Raises:
        BadRecipe: there is no such file or value.
    """
    from training.errors import BadRecipe
    from training.recipe import read_values
    from training.tuning.space import Space, make_space

    values = read_values(file) if file else {}
    recipe = values.get("recipe", Space().recipe)
    if not isinstance(recipe, dict):
        raise BadRecipe(f"recipe={recipe!r:.80} in {file}: lines such as 'epochs: 6' are wanted")
    given = {"architectures": architectures, "strategies": strategies}
    values |= {name: value for name, value in given.items() if value}
    values["recipe"] = recipe | {name: value for name, value in common.items() if value is not None}
    return make_space(values, "the command line" if file is None else f"the command line or {file}")


def print_plan(plan: "Plan", jobs: int) -> None:
    from training.cli.console import quote, say

    methods = ", ".join(quote(method.name) for method in plan.space.methods)
    pictures = f"{len(plan.dataset.train)} train, {len(plan.dataset.val)} val"
    processes = "" if jobs == 1 else f", in {jobs} processes"
    say(f"Tuning [bold]{methods}[/bold] on {quote(plan.dataset.task)}: {pictures}{processes}")
    say(f"The study is {quote(plan.name)}")


def conclude(plan: "Plan", folder: Path, *, quietly: bool = False) -> "Outcome":
    """Writes what the search came to and, unless `quietly`, prints it.

    Raises:
        TrainingError: no trial was finished.
    """
    from training.cli.console import quote, say
    from training.reporting.tuning_writing import write_tuning
    from training.tuning.outcome import read_outcome
    from training.tuning.study import open_study

    with open_study(plan) as study:
        outcome = read_outcome(study, plan)
    written = write_tuning(outcome, folder)
    if not quietly:
        print_outcome(outcome)
        say(f"The report is {quote(str(written.page))}; its figures are beside it in {written.figures.name}")
        say(f"The best recipe, for train --config: {quote(str(written.recipe))}")
    return outcome


def print_outcome(outcome: "Outcome") -> None:
    """The best trials, best first, and how the others ended."""
    from training.cli.console import make_table, quote, say, show
    from training.tuning.outcome import counted
    from training.tuning.tried import in_words

    table = make_table("trial", "val loss", "val accuracy", "val F1", "seconds", "method")
    table.columns[-1].justify = "left"
    for one in outcome.ranked[:SHOWN]:
        assert one.figures is not None
        figures = (one.figures.val_loss, one.figures.val_accuracy, one.figures.val_f1)
        cells = (*(f"{figure:.4f}" for figure in figures), f"{one.seconds:.0f}", quote(one.method))
        table.add_row(str(one.number), *cells)
    show(table)
    say(f"Trials: {counted(outcome)}")
    best = ", ".join(part for part in (outcome.best.method, in_words(outcome.best.chosen)) if part)
    say(f"[bold]Trial {outcome.best.number} is the best[/bold]: {quote(best)}")


def train_best(state: State, plan: "Plan", outcome: "Outcome", *, promote: bool) -> None:
    """Trains by the best recipe and registers the model, unless that was done."""
    from training.cli.answering import say_unanswered
    from training.cli.console import quote, say
    from training.cli.models import promote_version, track_standing_champion
    from training.cli.standing import say_beside_champion, say_how_to_serve
    from training.tuning.study import open_study, registered_as, registering

    number = outcome.best.number
    with open_study(plan) as study, registering(study, plan, number) as remember:
        version = registered_as(study, number)
        if version is None:
            manifest = train_task(state, plan.dataset.task, outcome.recipe)
            assert manifest is not None  # there is one process
            version = manifest.version
            remember(version)
        else:
            say(f"{quote(version)} was trained by that recipe already")
    standing = say_beside_champion(state, version)
    if promote:
        say_unanswered(state, promote_version(state, version, force=False))
    else:
        track_standing_champion(state, plan.dataset.task)
        say_how_to_serve(version, standing)
