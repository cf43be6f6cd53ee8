"""The command `train`, and what `demo` shares with it."""

import re
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli import train_options as options
from training.cli.state import State, only_task, open_tracked_state

if TYPE_CHECKING:
    from backend.inference.manifest import Manifest
    from databases.places import Place
    from training.dataset import Dataset
    from training.learning.processes import Processes
    from training.learning.run import Run
    from training.recipe import Recipe
    from training.tracking.messages import Begun
    from training.workshop import Workshop

RESUMABLE = "the epochs so far are kept; to go on: menagerie train --resume"
# One of a list such as cat=2,dog=1. A label may hold both signs; a weight holds none.
WEIGHT = re.compile(r"(.+?)(=)([^=,]+)(?:,|$)")
# What sets no value of the recipe.
OTHERS = ("task", "promote", "preset", "config", "resume", "checkpoints", "dry_run")


def train(
    task: Annotated[str | None, typer.Option(help="Default: the library's only task.")] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make it the champion if it is no worse.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the task's unfinished training, by its own recipe.")
    ] = False,
    checkpoints: options.Checkpoints = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Only print the recipe, as YAML that --config reads, and fail where train would at once.",
        ),
    ] = False,
    preset: options.Preset = None,
    config: options.Config = None,
    architecture: options.Architecture = None,
    strategy: options.Strategy = None,
    weights: options.WeightsFile = None,
    seed: options.Seed = None,
    size: options.Size = None,
    unfreeze: options.Unfreeze = None,
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    optimiser: options.OptimiserName = None,
    learning_rate: options.LearningRate = None,
    find_lr: options.FindLr = None,
    backbone_rate: options.BackboneRate = None,
    block_decay: options.BlockDecay = None,
    weight_decay: options.WeightDecay = None,
    schedule: options.ScheduleName = None,
    warmup: options.Warmup = None,
    clip: options.Clip = None,
    patience: options.Patience = None,
    monitor: options.MonitorName = None,
    ema: options.Ema = None,
    precision: options.PrecisionName = None,
    device: options.Device = None,
    time_limit: options.TimeLimit = None,
    augmentation: options.AugmentationName = None,
    mixup: options.Mixup = None,
    cutmix: options.Cutmix = None,
    smoothing: options.Smoothing = None,
    dropout: options.Dropout = None,
    class_weights: options.ClassWeights = None,
    balanced_sampling: options.BalancedSampling = None,
    target_precision: options.TargetPrecision = None,
    int8: options.Int8 = None,
) -> None:
    """Train a model on a task's pictures, measure it on its test split, and register it.

    With no options: a head on a pretrained network, in seconds. The result is a bundle in the folder of
    bundles: the network as ONNX, and a manifest of how it came about. Several processes train together under
    torchrun: torchrun --nproc-per-node 2 -m training.cli.main train ...
    """
    given = {name: value for name, value in locals().items() if name not in OTHERS and value is not None}
    from training.cli.console import say
    from training.cli.models import promote_version, track_standing_champion
    from training.cli.standing import say_beside_champion, say_how_to_serve
    from training.errors import BadRecipe
    from training.methods import check_weights

    if resume and (given or preset or config or dry_run):
        raise BadRecipe("--resume goes on by its own recipe: leave the other options out")
    if find_lr and learning_rate is not None:
        raise BadRecipe("--find-lr finds what --learning-rate would give: leave one of them out")
    recipe = recipe_for(given, preset, config)
    check_weights(recipe.weights)
    if dry_run:
        say(recipe.to_yaml().rstrip())
        _check_begin(task, recipe)
        return
    with open_tracked_state() as state:
        manifest = train_task(state, only_task(state, task), recipe, resume=resume, checkpoints=checkpoints)
        if manifest is None:
            return
        standing = say_beside_champion(state, manifest.version)
        if promote:
            promote_version(state, manifest.version, force=False)
        else:
            track_standing_champion(state, manifest.task)
            say_how_to_serve(manifest.version, standing)


def _check_begin(task: str | None, recipe: "Recipe") -> None:
    """Raises what a training by `recipe` would end with before it begins; changes nothing."""
    from training.cli.state import open_state_to_try
    from training.dataset import load_dataset
    from training.methods import check_begin

    state = open_state_to_try()
    check_begin(load_dataset(state.engine, only_task(state, task)), recipe)


def recipe_for(given: dict[str, object], preset: str | None = None, config: Path | None = None) -> "Recipe":
    """The recipe of a command line: its own values before those of `config`, and these before the preset's.

    Raises:
        BadRecipe: there is no such preset, file or value.
    """
    from training.errors import BadRecipe
    from training.methods import check_recipe, check_typed
    from training.networks.catalogue import strategies_of
    from training.recipe import DEFAULT_ARCHITECTURE, PRESETS, make_recipe, read_values

    presets = {str(name): values for name, values in PRESETS.items()}
    if preset is not None and preset not in presets:
        raise BadRecipe(f"unknown preset {preset!r}; there are: {', '.join(presets)}")
    values = dict(presets[preset]) if preset else {}
    asked = (read_values(config) if config else {}) | given
    if asked.get("architecture", DEFAULT_ARCHITECTURE) != DEFAULT_ARCHITECTURE:
        values.pop("size", None)  # the preset's, measured with this network alone
    values |= asked
    if isinstance(weights := values.get("class_weights"), str) and weights != "balanced":
        values["class_weights"] = _class_weights(weights)
    if "strategy" not in values:
        values["strategy"] = strategies_of(str(values.get("architecture", DEFAULT_ARCHITECTURE)))[0]
    if values["strategy"] == "scratch":
        values.setdefault("dropout", 0.5)
    source = "the preset" if config is None else str(config)
    recipe = make_recipe(values, source, given.keys())
    check_recipe(recipe)
    # A preset may be given a time that it does not need: seconds for quick.
    check_typed(recipe, given.keys() - {"time_limit"} if preset else given.keys())
    return recipe


def train_task(
    state: State, task: str, recipe: "Recipe", *, resume: bool = False, checkpoints: str | None = None
) -> "Manifest | None":
    """Trains by `recipe`, publishes the bundle and prints what it is worth. None in processes that only help
    the first. `checkpoints`: a folder or URL; by default what the environment says."""
    from training.cli.under_way import checkpoints_place, telling_stops

    place = checkpoints_place(checkpoints)
    with telling_stops(RESUMABLE if resume else "nothing was registered, and the same command begins anew"):
        return _train_task(state, task, recipe, place, resume=resume)


def _train_task(
    state: State, task: str, recipe: "Recipe", place: "Place | None", *, resume: bool
) -> "Manifest | None":
    from training.cli.console import Bars
    from training.cli.taking_up import take_up_labelled
    from training.cli.under_way import say_started_anew, under_way
    from training.dataset import load_dataset
    from training.learning.processes import Processes
    from training.progress import Silent
    from training.workshop import Workshop

    take_up_labelled(state, task)
    dataset = load_dataset(state.engine, task)
    processes = Processes.of_environment()
    progress = Bars() if processes.first else Silent()
    workshop = Workshop(state.engine, state.bundles, progress, None, state.track, place)
    begun = under_way(state, workshop.runs, dataset, recipe, processes.job, resume=resume)
    if begun is not None:
        if begun.version is not None:  # one that is killed when all is done is started anew as well
            return _come_to(state, begun.version) if processes.first else None
        recipe, workshop = begun.run.recipe, replace(workshop, unfinished=begun.run)
    if processes.first and not resume:
        say_started_anew(processes, begun.run if begun else None)
    return _train(state, workshop, dataset, recipe, processes)


def _train(
    state: State, workshop: "Workshop", dataset: "Dataset", recipe: "Recipe", processes: "Processes"
) -> "Manifest | None":
    from backend.bundles.places import bundle_folder
    from training.cli.console import quote, say
    from training.cli.registered import describe, say_leaked
    from training.cli.under_way import telling_stops
    from training.learning.runs import discard_runs
    from training.methods import train as run
    from training.publishing import publish
    from training.tracking.messages import Published, telling_of

    begun = _begun(dataset, recipe, workshop.unfinished)
    if processes.first:
        _say_begun(begun, dataset, recipe)
    with ExitStack() as held:
        with telling_of(state.track, begun):
            trained = run(workshop, dataset, recipe)
            if trained is None:
                return None
            held.enter_context(trained.held)
            with telling_stops(RESUMABLE) if trained.run else nullcontext():
                manifest = publish(
                    state.engine,
                    state.bundles,
                    dataset,
                    trained,
                    workshop.progress,
                    target_precision=recipe.target_precision,
                    int8=recipe.int8,
                    named=trained.run.note_version if trained.run else None,
                )
        # Only now is nothing lost with them.
        discard_runs(workshop.runs, dataset.task, trained.run, keep_notes=processes.job is not None)
    state.track(Published(str(bundle_folder(state.bundles, manifest.version).absolute())))
    say(f"[bold]{quote(manifest.version)}[/bold]: {describe(manifest.metrics)}")
    say_leaked(manifest.metrics)
    _say_unmeasured(dataset)
    return manifest


def _come_to(state: State, version: str) -> "Manifest":
    from backend.bundles.places import bundle_folder
    from backend.inference.manifest import read_manifest
    from training.cli.console import quote, say

    say(f"This training has come to [bold]{quote(version)}[/bold] before: nothing is trained again")
    return read_manifest(bundle_folder(state.bundles, version))


def _say_begun(begun: "Begun", dataset: "Dataset", recipe: "Recipe") -> None:
    from training.cli.console import quote, say
    from training.cli.taking_up import say_waiting
    from training.learning.processes import FRESH_STORE, restarts_in_vain

    if restarts_in_vain():
        say(f"[yellow]Restarts may fail: start torchrun with {FRESH_STORE}=1[/yellow]")
    what = f"[bold]{quote(recipe.architecture)}[/bold] ({recipe.strategy})"
    sizes = ", ".join(f"{pictures} {split}" for split, pictures in begun.pictures.items())
    say(f"Training {what} on {quote(dataset.task)}: {sizes}")
    say_waiting(dataset)


def _say_unmeasured(dataset: "Dataset") -> None:
    from training.cli.console import quote, say

    if dataset.unmeasured:
        say(
            f"No val or test picture is of {quote(', '.join(dataset.unmeasured))}: nothing is known of how "
            "well it tells them"
        )
    if dataset.untested:
        say(
            f"No test picture is of {quote(', '.join(dataset.untested))}: the figures above say nothing of "
            "how well it tells them"
        )


def _begun(dataset: "Dataset", recipe: "Recipe", unfinished: "Run | None") -> "Begun":
    from training.tracking.messages import Begun

    return Begun(
        task=dataset.task,
        fingerprint=dataset.fingerprint,
        pictures={"train": len(dataset.train), "val": len(dataset.val), "test": len(dataset.test)},
        recipe=recipe.to_yaml(),
        resumed=unfinished.folder.name if unfinished else None,
    )


def _class_weights(text: str) -> dict[str, str]:
    from training.errors import BadRecipe

    pairs = WEIGHT.findall(text)
    if not pairs or WEIGHT.sub("", text):
        raise BadRecipe(f"class weights {text!r}: say balanced, or a list such as cat=2,dog=1")
    return {label.strip(): weight for label, _, weight in pairs}
