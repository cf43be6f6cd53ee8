"""Scores that mean what they say: temperature and confidence, from pictures held out of the fit."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from backend.inference.manifest import Calibration
from backend.inference.prediction import softmax
from training.metrics import coverage_curve, expected_calibration_error

# A confident answer should be right this often.
TARGET_PRECISION = 0.98
# A score that no answer of few pictures contradicted is still no reason to be confident.
LEAST_CONFIDENCE, FALLBACK_CONFIDENCE = 0.5, 0.9


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The temperature that minimises the log loss of logits float32 [n, labels] (Guo et al. 2017).

    Targets are smoothed as Platt (1999) does, towards 1/(n + labels), so that a small split without a
    single error does not ask for infinite confidence.
    """
    n, labels = logits.shape
    smoothed = np.full((n, labels), 1 / (n + labels))
    smoothed[np.arange(n), targets] += 1 - labels / (n + labels)

    def loss(log_temperature: float) -> float:
        return -float((smoothed * log_softmax(logits / np.exp(log_temperature), axis=1)).sum() / n)

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.02), np.log(20)), method="bounded").x))


def calibrate(
    logits: NDArray[np.float32], targets: NDArray[np.int64], fitted_on: Literal["val", "cross-validation"]
) -> Calibration:
    """The fitted temperature for held-out logits float32 [n, labels], or 1 where that does not help.

    It helps if it lowers the log loss and does not raise the expected calibration error on the same pictures.
    """
    temperature = fit_temperature(logits, targets)
    before = expected_calibration_error(softmax(logits), targets)
    after = expected_calibration_error(softmax(logits / np.float32(temperature)), targets)
    helps = mean_log_loss(logits / temperature, targets) < mean_log_loss(logits, targets) and after <= before
    return Calibration(
        temperature=temperature if helps else 1.0,
        fitted_on=fitted_on,
        ece_before=before,
        ece_after=after if helps else before,
    )


def mean_log_loss(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The mean of -log P(right label), of logits [n, labels] as they stand."""
    return -float(log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(targets)), targets].mean())


def choose_confidence(
    logits: NDArray[np.float32], targets: NDArray[np.int64], temperature: float, target_precision: float
) -> float:
    """The lowest score from which held-out answers are right `target_precision` of the time, at least 0.5;
    0.9 where none is, or where these answers are too few to show a single error more than that. Answers of
    one score are confident together.
    """
    curve = coverage_curve(softmax(logits / np.float32(temperature)), targets)
    enough = math.ceil(round(1 / (1 - target_precision), 6))  # of 49, 98 % are right if all are
    precise = [
        at.score
        for at in curve
        if round(at.coverage * len(targets)) >= enough and at.accuracy >= target_precision
    ]
    return max(LEAST_CONFIDENCE, precise[-1]) if precise else FALLBACK_CONFIDENCE
