"""`menagerie train`, and what other commands share with it."""

from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.state import State, only_task, open_state

if TYPE_CHECKING:
    from backend.inference.manifest import Manifest, Metrics
    from databases.registry import RegisteredModel
    from training.methods import Recipe


def train(
    task: Annotated[str | None, typer.Option(help="Default: the library's only task.")] = None,
    arch: Annotated[
        str, typer.Option(help="efficientnet_lite0 (pretrained) or simple_cnn.")
    ] = "efficientnet_lite0",
    strategy: Annotated[
        str | None,
        typer.Option(help="probe (a head on frozen features) or scratch. Default: the one that fits."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="At most this many, for simple_cnn.")] = 40,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 0,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make it the champion if it is no worse.")
    ] = False,
) -> None:
    """Train a model on a task's pictures, measure it on its test split, and register it.

    The result is a bundle in the folder of bundles: the network as ONNX, and a manifest of how it came about.
    """
    from training.cli.models import promote_version

    state = open_state()
    manifest = train_task(state, only_task(state, task), recipe_for(arch, strategy, epochs, seed))
    if promote:
        promote_version(state, manifest.version, force=False)
    else:
        _hint(manifest)


def train_task(state: State, task: str, recipe: "Recipe") -> "Manifest":
    """Trains by `recipe`, publishes the bundle and prints what it is worth."""
    from training.cli.console import Bars, quote, say
    from training.dataset import load_dataset
    from training.methods import Workshop, find_method
    from training.publishing import publish

    method = find_method(recipe)
    dataset = load_dataset(state.engine, task)
    sizes = f"{len(dataset.train)} train, {len(dataset.val)} val, {len(dataset.test)} test"
    say(f"Training [bold]{quote(recipe.architecture)}[/bold] ({recipe.strategy}) on {quote(task)}: {sizes}")
    trained = method(Workshop(state.engine, state.bundles, Bars()), dataset, recipe)
    manifest = publish(state.engine, state.bundles, dataset, trained, Bars())
    say(f"[bold]{quote(manifest.version)}[/bold]: {describe(manifest.metrics)}")
    return manifest


def recipe_for(architecture: str, strategy: str | None, epochs: int, seed: int) -> "Recipe":
    from training.methods import Recipe, default_strategy

    return Recipe(architecture, strategy or default_strategy(architecture), epochs, seed)


def find_model(state: State, version: str | None, task: str | None) -> "RegisteredModel":
    """The model that was named, or else the champion.

    Raises:
        UnknownModel: there is none.
    """
    from sqlalchemy.orm import Session

    from databases import registry
    from databases.errors import UnknownModel

    with Session(state.engine) as session:
        if version is not None:
            return registry.get_model(session, version)
        champion = registry.champion(session, only_task(state, task))
    if champion is None:
        raise UnknownModel("no model was promoted yet; run: menagerie train --promote")
    return champion


def describe(metrics: "Metrics | None") -> str:
    if metrics is None:
        return "no test pictures, so nobody knows how good it is"
    low, high = metrics.accuracy_interval
    return (
        f"{metrics.accuracy:.1%} right on {metrics.pictures} {metrics.split} pictures "
        f"(95 % interval {low:.1%} to {high:.1%}), macro F1 {metrics.macro_f1:.3f}"
    )


def _hint(manifest: "Manifest") -> None:
    from training.cli.console import quote, say

    say(f"To let it serve: menagerie models promote {quote(manifest.version)}")
