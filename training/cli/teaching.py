"""The command `evaluate`, and how models and their figures are shown."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from training.cli.state import State, only_task, open_state

if TYPE_CHECKING:
    from backend.inference.manifest import Metrics
    from databases.registry import RegisteredModel
    from training.evaluation import Evaluation


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
