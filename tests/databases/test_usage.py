"""What the service answered of late, on both databases."""

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import usage
from databases.predictions import NewPrediction, record_predictions
from databases.usage import Span, Tally
from tests.databases.filling import Library, content

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def answer(picture: str, hours: int, *, label: str = "cat", version: str = "pets-1") -> NewPrediction:
    at = MORNING + timedelta(hours=hours)
    return NewPrediction(uuid.uuid4().hex, content(picture), version, label, 0.5, "confident", 10.0, at)


def tally(engine: Engine, *answers: NewPrediction, most: int = 100) -> Span:
    """Of a day with these answers, in whose third hour a picture named `kept` came into the library."""
    with Session(engine) as session, session.begin():
        added = MORNING + timedelta(hours=3)
        Library(session).add("cat/kept.jpg", sha256=content("kept"), ingested_at=added)
        Library(session, "birds", "birds", "/birds").add(
            "owl/1.jpg", sha256=content("owl"), ingested_at=added
        )
        record_predictions(session, answers)
    with Session(engine) as session:
        return usage.tally(session, "pets-1", "pets", MORNING, MORNING + DAY, most)


def test_pictures_that_the_library_held_when_asked_about_are_counted_apart(engine: Engine) -> None:
    span = tally(
        engine,
        answer("kept", 2),  # by this question it came into the library
        answer("kept", 4),
        answer("kept", 5, label="dog"),
        answer("kept", 5, version="pets-2"),
        answer("owl", 5),  # another task's
        answer("stranger", 6),
    )
    assert span == Span((Tally("cat", "confident", 3, 1.5),), of_library=2, capped=False)


def test_a_busy_day_is_capped_whatever_it_was_asked_about(engine: Engine) -> None:
    span = tally(engine, answer("stranger", 1), answer("kept", 4), answer("kept", 5), most=2)
    assert span == Span((), of_library=2, capped=True)
