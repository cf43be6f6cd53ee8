"""Commands on learning: train, evaluate."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from training.cli.state import State, only_task, open_state

if TYPE_CHECKING:
    from backend.inference.manifest import Manifest, Metrics
    from databases.registry import RegisteredModel
    from training.evaluation import Evaluation
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


def evaluate(
    version: Annotated[str | None, typer.Argument(help="Default: the champion of the task.")] = None,
    task: Annotated[
        str | None, typer.Option(help="Default: the model's task, or the library's only one.")
    ] = None,
    split: Annotated[str, typer.Option(help="test or val.")] = "test",
) -> None:
    """Measure a model through its exported bundle, on pictures it was not trained on."""
    from backend.inference.bundle import load_bundle
    from training.cli.console import Bars
    from training.dataset import load_dataset
    from training.errors import TrainingError
    from training.evaluation import evaluate as run

    if split not in ("test", "val"):
        raise TrainingError(f"unknown split {split!r}: say test or val")
    chosen: Literal["test", "val"] = "test" if split == "test" else "val"
    state = open_state()
    model = find_model(state, version, task)
    dataset = load_dataset(state.engine, task or model.task)
    images = dataset.test if chosen == "test" else dataset.val
    bundle = load_bundle(state.bundles / model.bundle_uri)
    if chosen == "val" and bundle.manifest.calibration.fitted_on == "cross-validation":
        raise TrainingError(f"{model.version} learnt from val as well as from train; say --split test")
    evaluation = run(bundle, images, chosen, Bars())
    print_evaluation(model.version, evaluation)
    if chosen == "test" and dataset.task == model.task:
        _record(state, model, evaluation)


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


def print_evaluation(version: str, evaluation: "Evaluation") -> None:
    from training.cli.console import make_table, quote, say, show

    table = make_table("label", "precision", "recall", "F1", "pictures")
    for row in evaluation.per_label:
        figures = (f"{value:.3f}" for value in (row.precision, row.recall, row.f1))
        table.add_row(quote(row.label), *figures, str(row.pictures))
    show(table)
    # Rows are what it was, columns what was answered; only the labels that were shown, or it fills the
    # screen.
    shown = [i for i, row in enumerate(evaluation.per_label) if row.pictures]
    names = [quote(evaluation.per_label[i].label) for i in shown]
    confusion = make_table("was \\ answered", *names)
    for i, name in zip(shown, names, strict=True):
        confusion.add_row(name, *(str(evaluation.confusion[i, j]) for j in shown))
    show(confusion)
    say(f"[bold]{quote(version)}[/bold]: {describe(evaluation.metrics)}")


def _record(state: State, model: "RegisteredModel", evaluation: "Evaluation") -> None:
    from sqlalchemy.orm import Session

    from databases import registry

    with Session(state.engine) as session, session.begin():
        registry.record_metrics(session, model.version, evaluation.metrics.model_dump(mode="json"))


def _hint(manifest: "Manifest") -> None:
    from training.cli.console import quote, say

    say(f"To let it serve: menagerie models promote {quote(manifest.version)}")
