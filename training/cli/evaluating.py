"""`menagerie evaluate`: figures on the screen, and a report to look at."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.registered import describe, find_model, interval, say_leaked
from training.cli.state import State, open_state

if TYPE_CHECKING:
    from backend.certainty import Share
    from backend.inference.bundle import Bundle
    from databases.registry import RegisteredModel
    from training.evaluation import Evaluation, Measured
    from training.refusals import Refusals, Strangers
    from training.reporting.writing import Written

SHOWN = 20  # unreadable pictures
LISTED = 8  # labels that no picture carries


def evaluate(
    version: Annotated[str | None, typer.Argument(help="Default: the champion of the task.")] = None,
    task: Annotated[
        str | None, typer.Option(help="Default: the model's task, or the library's only one.")
    ] = None,
    split: Annotated[str, typer.Option(help="test or val.")] = "test",
    out: Annotated[
        Path | None, typer.Option(help="The report's folder. Default: reports/VERSION beside the bundles.")
    ] = None,
    unknown: Annotated[
        list[Path] | None,
        typer.Option(help="A folder of pictures that show none of the labels: are they refused? Repeatable."),
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Figures on the screen only.")] = False,
) -> None:
    """Measure a model through its exported bundle, on pictures it was not trained on.

    Writes a report: one HTML page with figures and pictures that needs no network, and its figures as JSON.
    """
    from backend.inference.bundle import load_bundle
    from training.cli.console import Bars, quote, say
    from training.dataset import load_dataset
    from training.errors import TrainingError
    from training.evaluation import score, summarise
    from training.refusals import refusals_of

    chosen = _split(split)
    state = open_state()
    model = find_model(state, version, task)
    dataset = load_dataset(state.engine, task or model.task)
    bundle = load_bundle(state.bundle(model))
    if chosen == "val" and bundle.manifest.calibration.fitted_on == "cross-validation":
        raise TrainingError(f"{model.version} learnt from val as well as from train; say --split test")
    strangers = _ask(bundle, unknown) if unknown else None
    scored = score(bundle, dataset.test if chosen == "test" else dataset.val, chosen, Bars())
    known = dataset.known_before(chosen) if dataset.task == model.task else ()
    evaluation = summarise(scored, bundle.manifest, chosen, known)
    refusals = refusals_of(bundle.manifest, scored, strangers)
    print_evaluation(model.version, evaluation)
    if refusals is not None:
        print_refusals(refusals, chosen)
    if chosen == "test" and dataset.task == model.task:
        _record(state, model, evaluation)
    if not no_report:
        from training.reporting.gathering import gather
        from training.reporting.writing import write_report

        report = gather(bundle, dataset, chosen, scored, refusals, Bars())
        written = write_report(report, out or _folder(state, model, dataset.task, chosen))
        if out is None:
            _share(state, written)
        say(f"The report is {quote(str(written.page))}; its figures are beside it in {written.figures.name}")


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
    say_leaked(evaluation.metrics)
    if evaluation.unshown:
        listed = ", ".join(evaluation.unshown[:LISTED]) + (" and others" * (len(evaluation.unshown) > LISTED))
        say(
            f"No {evaluation.metrics.split} picture is of {quote(listed)}: the figures say nothing of how "
            "well it tells them"
        )


def print_refusals(refusals: "Refusals", split: str) -> None:
    """What it refuses of known pictures, and of unknown ones where there are any."""
    from training.cli.console import counted, quote, say

    known = f"{counted(refusals.falsely.total, f'{split} picture')} {_of(refusals.falsely)}"
    if refusals.threshold < 1:
        say(f"Refused as strange, above a novelty of {refusals.threshold:g}: of {known}")
    else:
        say(f"It refuses nothing: too few pictures were held back to set a threshold. Of {known}")
    unknown = refusals.unknown
    if unknown is None:
        return
    area = unknown.area
    measure = f"AUROC {area.value:.4f} (95 % interval {area.low:.4f} to {area.high:.4f})"
    say(f"and of {counted(unknown.refused.total, 'unknown one')} {_of(unknown.refused)}; {measure}")
    if unknown.unreadable:
        say(f"[yellow]{len(unknown.unreadable)} of the unknown ones cannot be read:[/yellow]")
    for one in unknown.unreadable[:SHOWN]:
        say(f"  {quote(one.name)}: {quote(one.reason)}")


def _of(share: "Share") -> str:
    return f"{share.value:.1%} {interval(share.low, share.high)}"


def _ask(bundle: "Bundle", unknown: list[Path]) -> "Strangers":
    from training.cli.console import Bars
    from training.questions import from_paths
    from training.refusals import ask_strangers

    return ask_strangers(bundle, from_paths(unknown, frozenset(bundle.manifest.labels)), Bars())


def _split(name: str) -> "Measured":
    from training.errors import TrainingError

    if name == "test":
        return "test"
    if name == "val":
        return "val"
    raise TrainingError(f"unknown split {name!r}: say test or val")


def _folder(state: State, model: "RegisteredModel", task: str, split: "Measured") -> Path:
    """Its own pictures' test report is `reports/VERSION`; no other one takes that place."""
    name = model.version if task == model.task else f"{model.version}-on-{task}"
    return reports(state) / (name if split == "test" else f"{name}-{split}")


def reports(state: State) -> Path:
    """Where reports go unless somebody says otherwise."""
    return state.reports


def _share(state: State, written: "Written") -> None:
    """Puts the report where services on other machines find it, if there is such a place."""
    if state.shared_reports is not None:
        place = state.shared_reports / written.page.parent.name
        for path in (written.figures, written.page):
            (place / path.name).send(path)


def _record(state: State, model: "RegisteredModel", evaluation: "Evaluation") -> None:
    from sqlalchemy.orm import Session

    from databases import registry

    with Session(state.engine) as session, session.begin():
        registry.record_metrics(session, model.version, evaluation.metrics.model_dump(mode="json"))
