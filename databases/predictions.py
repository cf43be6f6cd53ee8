"""Queries on what was asked and answered."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from databases.models import Prediction


def record_predictions(session: Session, predictions: Sequence[Prediction]) -> None:
    session.add_all(predictions)
