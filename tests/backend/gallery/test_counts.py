"""Which filters' counts are remembered."""

from datetime import timedelta

from backend.gallery.counts import Counts
from databases.nearest import Among
from databases.pgvector import Counted
from tests.backend.gallery.shelving import on_day

COUNTED = Counted(3, 2)


def test_the_filter_that_was_asked_for_least_lately_goes() -> None:
    counts = Counts(capacity=2)
    for label in ("cat", "dog"):
        counts.put(Among(label=label), COUNTED)
    assert counts.get(Among(label="cat")) == COUNTED
    counts.put(Among(label="emu"), COUNTED)
    assert [counts.get(Among(label=label)) for label in ("cat", "dog", "emu")] == [COUNTED, None, COUNTED]


def test_however_many_moments_are_asked_for_the_others_stay() -> None:
    counts = Counts(capacity=2)
    counts.put(Among(), COUNTED)
    for minutes in range(10):
        moment = on_day(1) + timedelta(minutes=minutes)
        counts.put(Among(since=moment), COUNTED)
        counts.put(Among(before=moment), COUNTED)
    assert counts.get(Among()) == COUNTED
    assert counts.get(Among(since=on_day(1))) is None
