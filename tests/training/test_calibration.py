"""Scores that mean what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backend.inference.prediction import sigmoid, softmax
from training.calibration import (
    CONFIDENT_ACCURACY,
    FALLBACK_CONFIDENCE,
    LEAST_CONFIDENCE,
    LEAST_NOVELTY,
    OWN_NOVEL,
    choose_thresholds,
    fit_temperature,
)

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


def test_an_answer_is_confident_from_where_enough_of_them_are_right() -> None:
    n = 1000
    scores = np.linspace(0.999, 0.501, n)
    logits = np.stack([np.log(scores), np.log(1 - scores)], axis=1).astype(np.float32)
    targets = np.zeros(n, np.int64)
    targets[400::2] = 1  # the best 400 are right, of the others every second is wrong
    threshold = choose_thresholds(logits, targets, 1.0, None).confidence
    right = targets == 0
    assert right[scores >= threshold].mean() >= CONFIDENT_ACCURACY
    assert right[scores >= threshold - 0.01].mean() < CONFIDENT_ACCURACY


def test_answers_that_are_all_right_are_confident_from_one_half() -> None:
    logits = np.array([[3, 0, 0], [2, 0, 0], [0.4, 0.3, 0.3]], np.float32)
    assert choose_thresholds(logits, np.zeros(3, np.int64), 1.0, None).confidence == LEAST_CONFIDENCE


def test_answers_that_are_never_right_often_enough_need_the_fallback() -> None:
    logits, targets = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]], np.array([1, 1, 1, 0])
    assert choose_thresholds(logits, targets, 1.0, None).confidence == FALLBACK_CONFIDENCE


def test_the_threshold_is_of_calibrated_scores() -> None:
    logits, targets = honest(3000)
    sharp = choose_thresholds(logits * 5, targets, 5.0, None)
    assert sharp.confidence == pytest.approx(
        choose_thresholds(logits, targets, 1.0, None).confidence, abs=1e-5
    )


def test_without_an_animal_gate_there_is_no_novelty() -> None:
    logits, targets = honest(20)
    assert choose_thresholds(logits, targets, 1.0, None).novelty is None


def test_pictures_that_look_like_animals_keep_the_gate_at_one_half() -> None:
    logits, targets = honest(200)
    animal = np.full(200, 6, np.float32)
    assert choose_thresholds(logits, targets, 1.0, animal).novelty == LEAST_NOVELTY


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 400), centre=st.floats(-8, 8), seed=st.integers(0, 99))
def test_thresholds_are_fractions_and_turn_few_of_the_own_pictures_away(
    n: int, centre: float, seed: int
) -> None:
    logits, targets = honest(n, seed=seed)
    animal = (np.random.default_rng(seed).normal(size=n) * 3 + centre).astype(np.float32)
    thresholds = choose_thresholds(logits, targets, 1.0, animal)
    assert LEAST_CONFIDENCE <= thresholds.confidence <= 1
    assert thresholds.novelty is not None
    assert LEAST_NOVELTY <= thresholds.novelty <= 1
    assert ((1 - sigmoid(animal)) > thresholds.novelty).mean() <= OWN_NOVEL
