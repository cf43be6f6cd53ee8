"""What was asked and answered, on both databases."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from databases.models import Prediction, now
from databases.predictions import NewPrediction, record_predictions
from tests.databases.filling import content


def test_a_prediction_is_kept_with_its_time_in_utc(engine: Engine) -> None:
    prediction = NewPrediction(
        id="a" * 32,
        sha256=content("picture"),
        model_version="pets-1",
        label="cat",
        score=0.123456789012345,
        verdict="unsure",
        latency_ms=12.5,
        created_at=now(),
    )
    with Session(engine) as session, session.begin():
        record_predictions(session, [prediction])
    with Session(engine) as session:
        kept = session.scalars(select(Prediction)).one()
        assert (kept.id, kept.label, kept.score) == ("a" * 32, "cat", 0.123456789012345)
        assert kept.created_at.utcoffset() == timedelta(0)
        assert abs(kept.created_at - datetime.now(UTC)) < timedelta(minutes=1)
