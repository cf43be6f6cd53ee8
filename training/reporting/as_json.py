"""A report's figures for programs."""

from dataclasses import asdict

from pydantic import JsonValue

from backend.certainty import Share
from training.refusals import Refusals, Unknown
from training.reporting.answers import Answered
from training.reporting.curves import Curve, refusal_roc, refused_over_threshold
from training.reporting.label_rows import LabelRow, label_rows
from training.reporting.report import Report, Trust
from training.retrieval import Retrieval

FORMAT_VERSION = 1


def report_json(report: Report) -> dict[str, JsonValue]:
    """Shares come with their count, total and 95 % interval; confusions have rows for what it was."""
    manifest, headlines = report.manifest, report.headlines
    return {
        "format_version": FORMAT_VERSION,
        "version": manifest.version,
        "task": report.task,
        "architecture": manifest.architecture,
        "split": report.split,
        "metrics": report.evaluation.metrics.model_dump(mode="json"),
        "headlines": {
            "accuracy": _share(headlines.accuracy),
            "macro_f1": asdict(headlines.macro_f1),
            "confident": _share(headlines.confident),
            "right_when_confident": _share(headlines.right_when_confident),
        },
        "labels": list(manifest.labels),
        "per_label": [_label(row) for row in label_rows(report)],
        "confusion": report.evaluation.confusion.tolist(),
        "train": _taught(report),
        "areas": [
            {"label": one.label, "average_precision": one.average_precision, "roc_area": one.roc_area}
            for one in report.curves
        ],
        "calibration": {"before": _trust(report.uncalibrated), "after": _trust(report.calibrated)},
        "coverage": [asdict(one) for one in report.coverage],
        "novelty": None if report.refusals is None else _novelty(report.refusals),
        "retrieval": None if report.retrieval is None else _retrieval(report.retrieval),
        "history": [asdict(one) for one in report.history],
        "kept_epoch": report.kept,
        "speed": asdict(report.speed),
        "suspected_wrong_labels": [_answered(one) for one in report.suspects],
    }


def _share(share: Share) -> dict[str, JsonValue]:
    return {
        "value": share.value,
        "count": share.count,
        "total": share.total,
        "interval": [share.low, share.high],
    }


def _label(row: LabelRow) -> dict[str, JsonValue]:
    return {
        "label": row.figures.label,
        "pictures": row.figures.pictures,
        "precision": _share(row.precise),
        "recall": _share(row.found),
        "f1": row.figures.f1,
    }


def _taught(report: Report) -> JsonValue:
    if report.taught is None:
        return None
    return {
        "accuracy": _share(report.taught.right),
        "available": report.taught.available,
        "confusion": report.taught.confusion.tolist(),
        "learnt_from_val": report.learnt_from_val,
        "library_changed": report.taught.library_changed,
    }


def _trust(trust: Trust) -> dict[str, JsonValue]:
    bins: list[JsonValue] = [
        {"confidence": one.confidence, "accuracy": _share(one.right)} for one in trust.bins
    ]
    return {"temperature": trust.temperature, "expected_calibration_error": trust.error, "bins": bins}


def _novelty(refusals: Refusals) -> dict[str, JsonValue]:
    unknown = refusals.unknown
    return {
        "threshold": refusals.threshold,
        "known_refused": _share(refusals.falsely),
        "known_refused_over_threshold": _curve(refused_over_threshold(refusals.known)),
        "unknown": None if unknown is None else _unknown(refusals, unknown),
    }


def _unknown(refusals: Refusals, unknown: Unknown) -> dict[str, JsonValue]:
    return {
        "refused": _share(unknown.refused),
        "refused_over_threshold": _curve(refused_over_threshold(unknown.novelty)),
        "auroc": asdict(unknown.area),
        "roc": _curve(refusal_roc(refusals.known, unknown.novelty)),
        "not_refused": [
            {
                "file": str(one.question.path),
                "novelty": one.novelty,
                "answer": one.answer,
                "probability": one.probability,
            }
            for one in unknown.passed
        ],
        "unreadable": [asdict(one) for one in unknown.unreadable],
    }


def _retrieval(retrieval: Retrieval) -> dict[str, JsonValue]:
    return {
        "gallery": retrieval.gallery,
        "mean_average_precision_at_10": asdict(retrieval.precision),
        "recall_at_10": _share(retrieval.recall),
    }


def _curve(curve: Curve) -> dict[str, JsonValue]:
    return {"x": list(curve.x), "y": list(curve.y)}


def _answered(one: Answered) -> dict[str, JsonValue]:
    return {
        "root": one.image.root,
        "uri": one.image.uri,
        "split": one.image.split,
        "label": one.label,
        "answer": one.answer,
        "probability": one.probability,
        "own_probability": one.own_probability,
    }
