"""Figures about answers and their scores, from arrays alone."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score

from backend.certainty import WILSON_Z, Share, wilson

Floats = NDArray[np.float32] | NDArray[np.float64]
Targets = NDArray[np.int64]

# Enough for a 95 % interval's ends: Efron and Tibshirani 1993, An Introduction to the Bootstrap, 13.3.
RESAMPLES = 1000


@dataclass(frozen=True)
class Estimate:
    """A figure that is no share, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Resampled:
    """A figure that is no share, with the percentile bootstrap's 95 % interval (Efron and Tibshirani 1993, An
    Introduction to the Bootstrap, 13.3). None where all resamples give the same figure, as where everything
    is right: there the bootstrap would call a few pictures certain."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Bin:
    """The pictures whose best score lies in one band: their mean score, and how often they were right."""

    confidence: float
    right: Share


@dataclass(frozen=True)
class Coverage:
    """When only the `coverage` (share, 0 to 1) of surest answers is given: the least sure of them has
    `score`."""

    coverage: float
    accuracy: float
    score: float


def reliability(scores: Floats, targets: Targets, bins: int = 15) -> tuple[Bin, ...]:
    """Best scores of [n, labels] in `bins` bands of equal width, each (low, high]; without empty ones."""
    best, right = scores.max(axis=1), scores.argmax(axis=1) == targets
    band = np.clip(np.ceil(best.astype(np.float64) * bins).astype(int) - 1, 0, bins - 1)
    return tuple(
        Bin(float(best[inside].mean()), wilson(int(right[inside].sum()), int(inside.sum())))
        for inside in (band == number for number in range(bins))
        if inside.any()
    )


def expected_calibration_error(scores: Floats, targets: Targets, bins: int = 15) -> float:
    """How far scores [n, labels] and accuracy lie apart on average, 0 to 1 (Naeini et al. 2015, Obtaining
    Well Calibrated Probabilities Using Bayesian Binning; as in Guo et al. 2017, arXiv:1706.04599, 2)."""
    gaps = (
        bin.right.total * abs(bin.right.value - bin.confidence) for bin in reliability(scores, targets, bins)
    )
    return sum(gaps) / len(targets)


def coverage_curve(scores: Floats, targets: Targets) -> tuple[Coverage, ...]:
    """Accuracy among the surest answers, for every share of answers given, from scores [n, labels].

    Equal scores are answered or withheld together (El-Yaniv and Wiener 2010, JMLR 11).
    """
    best, right = scores.max(axis=1), scores.argmax(axis=1) == targets
    order = np.argsort(-best, kind="stable")
    best, total = best[order], len(best)
    accuracy = np.cumsum(right[order]) / np.arange(1, total + 1)
    ends = [i for i in range(total) if i + 1 == total or best[i + 1] < best[i]]
    return tuple(Coverage((i + 1) / total, float(accuracy[i]), float(best[i])) for i in ends)


def macro_f1(answers: Targets, targets: Targets, labels: int) -> float:
    """The mean F1 of the labels that occur in `targets`."""
    shown = np.bincount(targets, minlength=labels)
    given = np.bincount(answers, minlength=labels)
    right = np.bincount(targets[answers == targets], minlength=labels)
    occurs = shown > 0
    return float((2 * right[occurs] / (shown + given)[occurs]).mean())


def macro_f1_estimate(answers: Targets, targets: Targets, labels: int) -> Resampled:
    """Macro F1 with the percentile bootstrap's interval: it is no share, so Wilson's does not apply."""
    rng = np.random.default_rng(0)
    draws = (rng.integers(0, len(targets), len(targets)) for _ in range(RESAMPLES))
    values = [macro_f1(answers[draw], targets[draw], labels) for draw in draws]
    return _resampled(macro_f1(answers, targets, labels), values)


def mean_estimate(values: NDArray[np.float64]) -> Resampled:
    """The mean of `values` [n], not empty, with the percentile bootstrap's interval."""
    rng = np.random.default_rng(0)
    means = [float(values[rng.integers(0, len(values), len(values))].mean()) for _ in range(RESAMPLES)]
    return _resampled(float(values.mean()), means)


def _resampled(value: float, draws: list[float]) -> Resampled:
    low, high = np.percentile(draws, [2.5, 97.5])
    # Sums of equal figures in another order may differ by a rounding.
    if np.ptp(draws) < 1e-9:
        return Resampled(value, None, None)
    return Resampled(value, float(low), float(high))


def auroc(low: Floats, high: Floats) -> Estimate:
    """The area under the ROC curve of scores [n] that should be low and [m] that should be high.

    The interval is Newcombe's (2006, Statistics in Medicine 25, 559, method 5): like Wilson's of a share it
    stays wide where every pair is in order.
    """
    expected = np.r_[np.zeros(len(low)), np.ones(len(high))]
    area = float(roc_auc_score(expected, np.r_[low, high]))
    more = (len(low) + len(high)) / 2 - 1
    pairs = len(low) * len(high)

    def beyond(true: float) -> float:
        variance = true * (1 - true) * (1 + more * (1 - true) / (2 - true) + more * true / (1 + true)) / pairs
        return abs(area - true) - WILSON_Z * math.sqrt(variance)

    # At 0 and 1 the spread is none, so that the area itself would do there.
    edge = 1e-9
    lower = brentq(beyond, 0, min(area, 1 - edge)) if area > 0 else 0.0
    upper = brentq(beyond, max(area, edge), 1) if area < 1 else 1.0
    return Estimate(area, float(lower), float(upper))
