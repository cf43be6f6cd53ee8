"""Scores that mean what they say: temperature and thresholds, from pictures held out of the fit."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from backend.inference.manifest import Thresholds
from backend.inference.prediction import sigmoid, softmax

# A confident answer should be right this often.
CONFIDENT_ACCURACY = 0.98
# With fewer answers than this a precision of 98 % cannot be told from luck.
LEAST_CONFIDENCE, FALLBACK_CONFIDENCE = 0.5, 0.9
# The starter's gate, and how many of a task's own pictures it may turn away.
LEAST_NOVELTY, OWN_NOVEL = 0.5, 0.01


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


def mean_log_loss(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The mean of -log P(right label), of logits [n, labels] as they stand."""
    return -float(log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(targets)), targets].mean())


def choose_thresholds(
    logits: NDArray[np.float32],
    targets: NDArray[np.int64],
    temperature: float,
    animal_logit: NDArray[np.float32] | None,
) -> Thresholds:
    """The lowest score from which answers are right 98 % of the time; and the animal gate, on the same
    pictures."""
    scores = softmax(logits / np.float32(temperature))
    right = scores.argmax(axis=1) == targets
    return Thresholds(confidence=_confidence(scores.max(axis=1), right), novelty=_novelty(animal_logit))


def _confidence(best: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    order = np.argsort(-best, kind="stable")
    accuracy_from = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(accuracy_from >= CONFIDENT_ACCURACY)
    if not len(enough):
        return FALLBACK_CONFIDENCE
    return max(LEAST_CONFIDENCE, float(best[order[enough[-1]]]))


def _novelty(animal_logit: NDArray[np.float32] | None) -> float | None:
    if animal_logit is None:
        return None
    # Split conformal prediction's rank (Angelopoulos and Bates 2021, arXiv:2107.07511, section 1.1).
    novelty = np.sort(1 - sigmoid(animal_logit))
    rank = math.ceil((len(novelty) + 1) * (1 - OWN_NOVEL))
    return max(LEAST_NOVELTY, float(novelty[min(rank, len(novelty)) - 1]))
