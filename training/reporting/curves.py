"""Precision-recall and ROC curves of each label against the rest, and of what is refused."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

# More points than a screen has pixels only make the page heavier.
MOST_POINTS = 200


@dataclass(frozen=True)
class Curve:
    """Points from left to right, both coordinates 0 to 1."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class LabelCurves:
    """One label against the rest.

    `precision_recall`: precision over recall, `average_precision` its area (as in scikit-learn, without
    interpolation). `roc`: true over false positive rate, `roc_area` its area (Fawcett 2006).
    """

    label: str
    pictures: int
    precision_recall: Curve
    average_precision: float
    roc: Curve
    roc_area: float


def label_curves(
    labels: tuple[str, ...], scores: NDArray[np.float32], targets: NDArray[np.int64]
) -> tuple[LabelCurves, ...]:
    """Curves for scores [n, labels]; only of labels that some pictures carry and others do not."""
    shown = np.bincount(targets, minlength=len(labels))
    return tuple(
        _one_against_rest(label, scores[:, i], targets == i)
        for i, label in enumerate(labels)
        if 0 < shown[i] < len(targets)
    )


def refused_over_threshold(novelty: NDArray[np.float64]) -> Curve:
    """The share of pictures that each threshold of novelty, 0 to 1, would refuse: it goes down in steps."""
    thresholds = np.unique(np.r_[0.0, novelty, 1.0])
    refused = 1 - np.searchsorted(np.sort(novelty), thresholds, side="right") / len(novelty)
    return _thinned(thresholds, refused)


def refusal_roc(known: NDArray[np.float64], unknown: NDArray[np.float64]) -> Curve:
    """The share of `unknown` pictures refused over that of `known` ones, at every threshold of novelty."""
    strange = np.r_[np.zeros(len(known)), np.ones(len(unknown))]
    falsely, rightly, _ = roc_curve(strange, np.r_[known, unknown])
    return _thinned(falsely, rightly)


def spread(points: int) -> list[int]:
    """The places of all points, or of as many as a figure needs, the first and the last among them."""
    kept: list[int] = np.unique(np.linspace(0, points - 1, min(points, MOST_POINTS)).astype(int)).tolist()
    return kept


def _one_against_rest(label: str, scores: NDArray[np.float32], is_it: NDArray[np.bool_]) -> LabelCurves:
    precision, recall, _ = precision_recall_curve(is_it, scores)
    false, true, _ = roc_curve(is_it, scores)
    return LabelCurves(
        label=label,
        pictures=int(is_it.sum()),
        precision_recall=_thinned(recall[::-1], precision[::-1]),
        average_precision=float(average_precision_score(is_it, scores)),
        roc=_thinned(false, true),
        roc_area=float(roc_auc_score(is_it, scores)),
    )


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> Curve:
    kept = spread(len(x))
    return Curve(tuple(x[kept].tolist()), tuple(y[kept].tolist()))
