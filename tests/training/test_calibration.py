"""Scores that mean what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backend.inference.prediction import softmax
from training.calibration import (
    FALLBACK_CONFIDENCE,
    LEAST_CONFIDENCE,
    calibrate,
    choose_confidence,
    fit_temperature,
    mean_log_loss,
)
from training.metrics import expected_calibration_error

Logits = NDArray[np.float32]
Targets = NDArray[np.int64]


def honest(n: int, labels: int = 4, seed: int = 0) -> tuple[Logits, Targets]:
    """Logits whose softmax is the true chance of each label, and labels drawn by it."""
    rng = np.random.default_rng(seed)
    logits = (2 * rng.normal(size=(n, labels))).astype(np.float32)
    # Gumbel's trick: the largest of logits plus such noise is a draw from their softmax.
    targets = (logits + rng.gumbel(size=logits.shape)).argmax(1)
    return logits, targets


@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0])
def test_a_known_over_or_underconfidence_is_found(factor: float) -> None:
    logits, targets = honest(4000)
    assert fit_temperature(logits * np.float32(factor), targets) == pytest.approx(factor, rel=0.08)


@pytest.mark.parametrize("n", [4, 20, 200])
def test_a_small_split_without_an_error_does_not_ask_for_infinite_confidence(n: int) -> None:
    targets = np.arange(n) % 2
    logits = np.where(np.arange(2) == targets[:, None], 5, -5).astype(np.float32)
    temperature = fit_temperature(logits, targets)
    score = softmax(logits / np.float32(temperature)).max(1)[0]
    assert score == pytest.approx(1 - 1 / (n + 2), abs=1e-3)  # Platt's target for that many


@pytest.mark.parametrize("precision", [0.9, 0.98])
def test_an_answer_is_confident_from_where_enough_of_them_are_right(precision: float) -> None:
    n = 1000
    scores = np.linspace(0.999, 0.501, n)
    logits = np.stack([np.log(scores), np.log(1 - scores)], axis=1).astype(np.float32)
    targets = np.zeros(n, np.int64)
    targets[400::2] = 1  # the best 400 are right, of the others every second is wrong
    threshold = choose_confidence(logits, targets, 1.0, precision)
    right, scores = targets == 0, softmax(logits).max(axis=1)
    assert right[scores >= threshold].mean() >= precision
    assert right[scores >= threshold - 0.01].mean() < precision


def test_answers_that_are_all_right_are_confident_from_one_half() -> None:
    logits = np.array([[3, 0, 0]] * 30 + [[2, 0, 0]] * 19 + [[0.4, 0.3, 0.3]], np.float32)
    assert choose_confidence(logits, np.zeros(50, np.int64), 1.0, 0.98) == LEAST_CONFIDENCE


def test_answers_of_one_score_are_confident_together_or_not_at_all() -> None:
    logits, targets = np.array([[99, 0]] * 120, np.float32), np.zeros(120, np.int64)
    targets[-4:] = 1  # of all that have this score 96.7 % are right, of the first 118 98.3 %
    assert softmax(logits)[:, 0].min() == 1
    assert choose_confidence(logits, targets, 1.0, 0.98) == FALLBACK_CONFIDENCE
    assert choose_confidence(logits, targets, 1.0, 0.96) == 1


def test_few_answers_show_nothing_though_all_are_right() -> None:
    logits = np.array([[9, 0]] * 49, np.float32)
    assert choose_confidence(logits, np.zeros(49, np.int64), 1.0, 0.98) == FALLBACK_CONFIDENCE
    assert choose_confidence(logits, np.zeros(49, np.int64), 1.0, 0.97) < 1


def test_answers_that_are_never_right_often_enough_need_the_fallback() -> None:
    logits, targets = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]], np.array([1, 1, 1, 0])
    assert choose_confidence(logits, targets, 1.0, 0.98) == FALLBACK_CONFIDENCE


def test_the_threshold_is_of_calibrated_scores() -> None:
    logits, targets = honest(3000)
    sharp = choose_confidence(logits * 5, targets, 5.0, 0.98)
    assert sharp == pytest.approx(choose_confidence(logits, targets, 1.0, 0.98), abs=1e-5)


def test_the_calibration_error_is_the_gap_of_each_bin_weighted_by_its_pictures() -> None:
    # Two bins of fifteen: 0.9 four times, right three times; 0.6 twice, right twice.
    scores = np.array([[0.9, 0.1]] * 4 + [[0.4, 0.6]] * 2, np.float32)
    targets = np.array([0, 0, 0, 1, 1, 1])
    assert expected_calibration_error(scores, targets) == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.4, abs=1e-6)
    # In a single bin the gaps make up for one another: 4.8 expected, 5 right.
    assert expected_calibration_error(scores, targets, bins=1) == pytest.approx(0.2 / 6, abs=1e-6)


def test_a_score_of_one_falls_into_the_last_bin() -> None:
    assert expected_calibration_error(np.array([[1, 0]], np.float32), np.array([0])) == 0


def test_a_temperature_that_helps_is_kept_and_said_how_much_it_helped() -> None:
    logits, targets = honest(4000)
    calibration = calibrate(logits * 3, targets, "val")
    assert calibration.temperature == pytest.approx(3, rel=0.08)
    assert calibration.ece_before is not None
    assert calibration.ece_after is not None
    assert calibration.ece_after < 0.03 < 0.08 < calibration.ece_before
    assert calibration.fitted_on == "val"


@settings(max_examples=40, deadline=None)
@given(n=st.integers(4, 300), factor=st.floats(0.3, 3), seed=st.integers(0, 99))
def test_calibration_never_makes_the_pictures_that_it_was_fitted_on_worse(
    n: int, factor: float, seed: int
) -> None:
    logits, targets = honest(n, seed=seed)
    logits = logits * np.float32(factor)
    calibration = calibrate(logits, targets, "cross-validation")
    before, after = calibration.ece_before, calibration.ece_after
    assert before is not None
    assert after is not None
    assert after <= before
    loss = mean_log_loss(logits / calibration.temperature, targets)
    assert loss <= mean_log_loss(logits, targets) + 1e-9
    if calibration.temperature == 1:
        assert after == before
