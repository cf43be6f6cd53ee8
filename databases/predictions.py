"""Queries on what was asked and answered."""

from sqlalchemy.orm import Session

from databases.models import Prediction


def record_prediction(session: Session, prediction: Prediction) -> None:
    session.add(prediction)
