"""What is told of files without reading them, and what follows for answers about them."""

import pytest

from databases.places import RemoteFile, Status, Unreachable
from training.answer_rows import Row
from training.questions import Question
from training.resuming import left_of
from training.stamps import Stamp, stamp_of

SECOND = 10**9
TIMELESS = Stamp(10, None)


def asked(size: int, moment: int) -> Question:
    """About a picture in a store whose listing told so much of it."""
    return Question(RemoteFile("s3://bucket", "red.jpg", Status(size, moment)), "red.jpg", None)


@pytest.mark.parametrize(
    ("moment", "modified"),
    [
        (1_700_000_000 * SECOND + 123_456_789, "2023-11-14T22:13:20.123456+00:00"),
        (1_700_000_000 * SECOND, "2023-11-14T22:13:20.000000+00:00"),
        (-SECOND, "1969-12-31T23:59:59.000000+00:00"),
        (0, None),
        (123_456_789, None),  # a store that tells of the content and not of the time
        (2**63 - 1, "2262-04-11T23:47:16.854775+00:00"),
        (10**21, None),
    ],
)
def test_a_time_is_written_in_utc_to_the_microsecond_or_not_at_all(moment: int, modified: str | None) -> None:
    assert stamp_of(Status(10, moment)) == Stamp(10, modified)


@pytest.mark.parametrize(
    ("then", "now", "left"),
    [
        (Stamp(10, "2023-11-14T22:13:20.000000+00:00"), (10, 1_700_000_000 * SECOND), 0),
        (Stamp(10, "2023-11-14T22:13:20.000000+00:00"), (10, 1_700_000_001 * SECOND), 1),
        (Stamp(10, "2023-11-14T22:13:20.000000+00:00"), (11, 1_700_000_000 * SECOND), 1),
        (TIMELESS, (10, 0), 0),
        (TIMELESS, (11, 0), 1),
        (TIMELESS, (10, 1_700_000_000 * SECOND), 0),
        (None, (10, 0), 1),
    ],
)
def test_an_answer_holds_good_while_nothing_tells_that_the_file_is_another_one(
    then: Stamp | None, now: tuple[int, int], left: int
) -> None:
    question = asked(*now)
    found = left_of([question], {question.written: Row(question.written, then, False, "colours-1")})
    assert found.questions == found.replaced == (question,) * left
    assert found.answered == 1 - left


def test_a_store_that_does_not_answer_says_nothing_about_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: RemoteFile) -> Status:
        raise Unreachable("the store does not answer")

    monkeypatch.setattr(RemoteFile, "stat", away)
    question = asked(10, 0)
    with pytest.raises(Unreachable):
        left_of([question], {question.written: Row(question.written, TIMELESS, False, "colours-1")})
