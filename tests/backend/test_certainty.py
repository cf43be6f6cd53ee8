"""Intervals and tests against ones printed in papers, worked out by hand, or by SciPy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from backend.certainty import mcnemar, wilson

count = st.integers(0, 400)


def test_an_interval_is_wilsons_and_of_nothing_it_is_everything() -> None:
    share = wilson(15, 148)  # Newcombe 1998, table I, method 3
    assert (share.value, share.low, share.high) == pytest.approx((0.1014, 0.0624, 0.1605), abs=5e-5)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [(1, 9, 22 / 1024), (5, 5, 1.0), (0, 0, 1.0), (6, 0, 2 / 64)],  # the binomial's tails, by hand
)
def test_mcnemars_test_is_the_sign_test_of_those_that_differ(
    only_first: int, only_second: int, p_value: float
) -> None:
    test = mcnemar(only_first, only_second)
    assert (test.only_first, test.only_second) == (only_first, only_second)
    assert test.p_value == pytest.approx(p_value)


@given(count, count)
def test_mcnemars_test_is_exact_for_large_counts_too(only_first: int, only_second: int) -> None:
    expected = binomtest(only_first, only_first + only_second).pvalue if only_first + only_second else 1.0
    assert mcnemar(only_first, only_second).p_value == pytest.approx(expected, rel=1e-9)
