"""A report as a page."""

from dataclasses import dataclass

from training.recipe import used
from training.refusals import Unknown
from training.reporting import figures, novelty_figures
from training.reporting.answers import LabelMistakes
from training.reporting.cards import Card, StrangerCard, cards, stranger_cards
from training.reporting.confusion import Confusion, confusion_figure, most_confused
from training.reporting.history import Epoch
from training.reporting.label_rows import label_rows
from training.reporting.page import Plot, plotly_script, render
from training.reporting.report import Report

PASSED_SHOWN = 12
TALLEST, ROW, COLUMN, AXES = 860, 34, 24, 140  # CSS pixels


@dataclass(frozen=True)
class MistakeGroup:
    """The mistakes of a label with their pictures."""

    of: LabelMistakes
    cards: tuple[Card, ...]


def report_page(report: Report) -> str:
    """One self-contained HTML page."""
    confusion = most_confused(report.manifest.labels, report.evaluation.confusion)
    taught = None if report.taught is None else most_confused(report.manifest.labels, report.taught.confusion)
    return render(
        "report.html.jinja",
        report=report,
        plotly=plotly_script(),
        sample=cards(report.sample),
        suspects=cards(report.suspects),
        mistakes=[MistakeGroup(of, cards(of.shown)) for of in report.mistakes],
        rows=label_rows(report),
        confusion=confusion,
        confusion_plot=_confusion(confusion, report.split),
        taught_confusion=taught,
        taught_plot=None if taught is None else _confusion(taught, "train"),
        drawn_curves=len(figures.hardest(report.curves)),
        curve_plots=_curves(report),
        trust_plots=_trust(report),
        novelty_plots=_novelty(report),
        passed=_passed(report.refusals.unknown if report.refusals else None),
        learning_plots=_learning(report.history, report.kept),
        facts=_facts(report),
    )


def _confusion(confusion: Confusion, split: str) -> Plot:
    height = min(TALLEST, AXES + ROW * len(confusion.labels))
    return Plot(
        figure=confusion_figure(confusion),
        words=f"Confusion matrix of the {split} pictures",
        height=max(height, 320),
        width=AXES + COLUMN * len(confusion.labels) if confusion.wide else 0,
    )


def _curves(report: Report) -> list[tuple[str, Plot]]:
    if not report.curves:
        return []
    return [
        ("Precision and recall", Plot(figures.precision_recall(report.curves), "Precision over recall", 460)),
        ("ROC", Plot(figures.roc(report.curves), "True over false positive rate", 460)),
    ]


def _trust(report: Report) -> list[tuple[str, Plot]]:
    reliability = figures.reliability_diagram(report.uncalibrated.bins, report.calibrated.bins)
    heads = report.headlines
    at_threshold = (heads.confident, heads.right_when_confident)
    coverage = figures.coverage_accuracy(report.coverage, at_threshold)
    return [
        ("Reliability", Plot(reliability, "Accuracy over confidence", 400)),
        ("Coverage and accuracy", Plot(coverage, "Accuracy over the share of pictures answered", 400)),
    ]


def _novelty(report: Report) -> list[tuple[str, Plot]]:
    refusals = report.refusals
    if refusals is None:
        return []
    ranked = report.manifest.novelty is not None
    by_threshold = novelty_figures.refused_by_threshold(refusals, ranked=ranked)
    plots = [("At other thresholds", Plot(by_threshold, "Shares refused over the threshold of novelty", 400))]
    if refusals.unknown is not None:
        roc = novelty_figures.unknown_over_known(refusals, refusals.unknown)
        plots.append(("Unknown against known", Plot(roc, "Unknown refused over known refused", 400)))
    return plots


def _passed(unknown: Unknown | None) -> tuple[StrangerCard, ...]:
    return () if unknown is None else stranger_cards(unknown.passed[:PASSED_SHOWN])


def _learning(history: tuple[Epoch, ...], kept: int | None) -> list[tuple[str, Plot]]:
    loss = figures.learning_curve(history, "loss", lambda one: one.train_loss, lambda one: one.val_loss, kept)
    accuracy = figures.learning_curve(
        history, "accuracy", lambda one: one.train_accuracy, lambda one: one.val_accuracy, kept
    )
    f1 = figures.learning_curve(history, "macro F1", lambda one: one.train_f1, lambda one: one.val_f1, kept)
    found = (("Loss", loss), ("Accuracy", accuracy), ("F1", f1))
    return [(name, Plot(figure, f"{name} over the epochs", 300)) for name, figure in found if figure]


def _facts(report: Report) -> list[tuple[str, str]]:
    manifest = report.manifest
    spec = manifest.preprocessing
    described = [
        ("task", manifest.task),
        ("architecture", manifest.architecture),
        ("labels", str(len(manifest.labels))),
        ("made", manifest.created_at),
        ("input", f"{spec.size} x {spec.size} pixels, {spec.resize}, {spec.interpolation}"),
        ("temperature", f"{manifest.calibration.temperature:.3f}"),
        ("confident from a score of", f"{manifest.thresholds.confidence:.3f}"),
        ("trained on (fingerprint)", manifest.dataset_fingerprint or "unknown"),
        ("measured on (fingerprint)", report.evaluation.metrics.fingerprint),
    ]
    described += [(key, str(value)) for key, value in used(manifest.training).items() if key != "history"]
    return described + [(f"{name} (library)", version) for name, version in manifest.libraries.items()]
