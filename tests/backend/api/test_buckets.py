"""Token buckets, by a clock that a test turns itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.api.buckets import Bucket, Buckets


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.seconds = 1000.3

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def takes(bucket: Bucket) -> int:
    """How many tokens can be had now."""
    count = 0
    while bucket.take(1) == 0:
        count += 1
    return count


@pytest.mark.parametrize(("per_minute", "burst"), [(1, 10), (60, 10), (100, 10), (600, 60), (6000, 600)])
def test_a_tenth_of_a_minutes_requests_may_come_at_once_and_ten_at_least(
    clock: Clock, per_minute: int, burst: int
) -> None:
    assert takes(Bucket(per_minute, clock=clock)) == burst


def test_tokens_come_at_the_rate_and_no_more_than_fit(clock: Clock) -> None:
    bucket = Bucket(120, clock=clock)
    assert takes(bucket) == 12
    clock.seconds += 2
    assert takes(bucket) == 4
    clock.seconds += 3600
    assert takes(bucket) == 12


def test_who_is_refused_learns_when_a_token_will_be_there_and_finds_it_then(clock: Clock) -> None:
    bucket = Bucket(6, clock=clock)
    assert takes(bucket) == 10
    wait = bucket.take(1)
    assert wait == pytest.approx(10)
    assert bucket.take(1) == wait  # asking costs nothing
    clock.seconds += wait
    assert bucket.take(1) == 0
    assert bucket.take(1) > 0


@given(st.integers(1, 10_000), st.integers(1, 500), st.floats(0, 1e6))
def test_who_waits_as_long_as_told_is_served(per_minute: int, cost: int, begin: float) -> None:
    clock = Clock()
    clock.seconds = begin
    bucket = Bucket(per_minute, clock=clock)
    takes(bucket)
    clock.seconds += bucket.take(cost)
    assert bucket.take(cost) == 0


def test_several_tokens_are_taken_together_or_none(clock: Clock) -> None:
    bucket = Bucket(60, clock=clock)
    assert bucket.take(7) == 0
    assert bucket.take(5) == pytest.approx(2)
    assert takes(bucket) == 3


def test_what_was_paid_before_is_not_taken_again(clock: Clock) -> None:
    bucket = Bucket(60, clock=clock)
    assert bucket.take(1) == bucket.take(4, paid=1) == 0
    assert takes(bucket) == 6


def test_what_costs_more_than_fits_needs_a_full_bucket_and_leaves_it_in_debt(clock: Clock) -> None:
    bucket = Bucket(60, clock=clock)
    assert bucket.take(1) == bucket.take(64, paid=1) == 0
    assert bucket.take(1) == pytest.approx(55)
    clock.seconds += 63
    assert bucket.take(64) == pytest.approx(1)
    clock.seconds += 1
    assert bucket.take(64) == 0


def test_a_share_is_that_part_of_the_rate_and_of_the_burst(clock: Clock) -> None:
    bucket = Bucket(1200, share=1 / 4, clock=clock)
    assert takes(bucket) == 30
    clock.seconds += 1
    assert takes(bucket) == 5
    small = Bucket(1, share=1 / 100, clock=clock)
    assert takes(small) == 1


def test_each_client_has_a_bucket_of_its_own(clock: Clock) -> None:
    buckets = Buckets(1.0, clock)
    assert takes(buckets.of("a", 60)) == 10
    assert takes(buckets.of("a", 60)) == 0
    assert takes(buckets.of("b", 600)) == 60


def test_of_too_many_clients_those_who_came_last_keep_their_buckets(clock: Clock) -> None:
    buckets = Buckets(1.0, clock, most=2)
    first, second = buckets.of("a", 60), buckets.of("b", 60)
    assert buckets.of("a", 60) is first
    buckets.of("c", 60)
    assert buckets.of("a", 60) is first
    assert buckets.of("b", 60) is not second
