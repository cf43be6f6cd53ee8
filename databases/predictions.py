"""Queries on what was asked and answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert
from sqlalchemy.orm import Session

from databases.models import Prediction


class NewPrediction(NamedTuple):
    """A row to be. `sha256`: of the picture's bytes; `latency_ms`: from the request to the answer."""

    id: str
    sha256: str
    model_version: str
    label: str
    score: float
    verdict: str
    latency_ms: float
    created_at: datetime


def record_predictions(session: Session, predictions: Sequence[NewPrediction]) -> None:
    """Writes some, at least one, in one statement: as objects they would take five times as long."""
    session.execute(insert(Prediction), [prediction._asdict() for prediction in predictions])
