"""Figures against ones worked out by hand or printed in papers."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import f1_score

from training.metrics import (
    auroc,
    coverage_curve,
    expected_calibration_error,
    macro_f1,
    macro_f1_estimate,
    mean_estimate,
    reliability,
)

Scores = NDArray[np.float32]


def two_labels(best: list[float], right: list[bool]) -> tuple[Scores, NDArray[np.int64]]:
    """Scores [n, 2] whose best one is given and stands first, and targets that make it right or wrong."""
    first = np.array(best, np.float32)
    return np.stack([first, 1 - first], axis=1), np.where(right, 0, 1).astype(np.int64)


def test_an_area_counts_the_pairs_in_order_and_half_of_the_ties() -> None:
    # of six pairs four are in order, one is a tie
    assert auroc(np.array([0.1, 0.4, 0.5]), np.array([0.4, 0.8])).value == pytest.approx(4.5 / 6)
    assert auroc(np.zeros(9), np.zeros(4)).value == 0.5


def test_an_area_of_1_or_0_is_not_taken_for_certain() -> None:
    few, many = (auroc(np.zeros(n), np.ones(n)) for n in (10, 100))
    assert few.value == few.high == many.high == 1
    assert 0.6 < few.low < many.low < 1
    reversed_ = auroc(np.ones(10), np.zeros(10))
    assert (reversed_.value, reversed_.low, reversed_.high) == pytest.approx((0, 0, 1 - few.low))


@pytest.mark.parametrize("apart", [1.0, 2.5])
def test_an_areas_interval_holds_the_true_one_19_times_in_20(apart: float) -> None:
    rng = np.random.default_rng(0)
    true = norm.cdf(apart / np.sqrt(2))  # of two normal distributions so many spreads apart
    draws = [auroc(rng.normal(size=40), apart + rng.normal(size=60)) for _ in range(300)]
    assert 0.93 <= np.mean([one.low <= true <= one.high for one in draws]) <= 0.99


def test_calibration_error_weighs_each_band_by_its_pictures() -> None:
    scores, targets = two_labels([0.9, 0.9, 0.9, 0.6], [True, True, False, True])
    # three answers given with 0.9 of which two are right, one with 0.6 that is right
    assert expected_calibration_error(scores, targets) == pytest.approx(
        (3 * (0.9 - 2 / 3) + 1 * (1 - 0.6)) / 4
    )


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    scores, targets = two_labels([0.75] * 4, [True, True, True, False])
    assert expected_calibration_error(scores, targets) == pytest.approx(0)


def test_bands_hold_their_upper_end_and_empty_ones_are_left_out() -> None:
    scores, targets = two_labels([0.5, 0.51, 1.0], [True, True, False])
    bands = reliability(scores, targets, bins=4)
    assert [band.right.total for band in bands] == [1, 1, 1]
    bands = reliability(scores, targets, bins=2)
    assert [(band.right.count, band.right.total) for band in bands] == [(1, 1), (1, 2)]


def test_accuracy_rises_when_only_the_surest_answers_are_given() -> None:
    scores, targets = two_labels([0.6, 0.9, 0.8, 0.8], [False, True, True, False])
    points = [(one.coverage, one.accuracy) for one in coverage_curve(scores, targets)]
    # the two with 0.8 are answered or withheld together
    assert points == [(0.25, 1.0), (0.75, pytest.approx(2 / 3)), (1.0, 0.5)]


def test_macro_f1_is_scikit_learns_over_the_labels_that_occur() -> None:
    rng = np.random.default_rng(1)
    targets, answers = rng.integers(0, 4, 80), rng.integers(0, 6, 80)
    expected = f1_score(targets, answers, labels=[0, 1, 2, 3], average="macro", zero_division=0)
    assert macro_f1(answers, targets, 6) == pytest.approx(expected)


def test_the_interval_of_macro_f1_narrows_with_more_pictures() -> None:
    widths = []
    for n in (40, 1000):
        targets = np.arange(n) % 3
        answers = np.where(np.arange(n) % 10 == 0, (targets + 1) % 3, targets)
        estimate = macro_f1_estimate(answers, targets, 3)
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
        widths.append(estimate.high - estimate.low)
    assert widths[1] < widths[0] / 3


@pytest.mark.parametrize("n", [6, 600])
def test_where_nothing_is_wrong_the_bootstrap_gives_no_interval(n: int) -> None:
    targets = np.arange(n) % 3
    for estimate in (macro_f1_estimate(targets, targets, 3), mean_estimate(np.full(n, 0.1))):
        assert (estimate.low, estimate.high) == (None, None)
