"""What the service answered of late, in sums. However large the table, a query reads a bounded part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from databases.models import Prediction


@dataclass(frozen=True)
class Tally:
    """So many `answers` with one label and verdict; their scores come to `scores` together."""

    label: str
    verdict: str
    answers: int
    scores: float


@dataclass(frozen=True)
class Span:
    """What a model answered in a span of time. `capped`: only the last answers of the span were read."""

    tallies: tuple[Tally, ...]
    capped: bool


def tally(session: Session, version: str, since: datetime, until: datetime, most: int) -> Span:
    """Sums up what a model answered from `since` until before `until`, of the last `most` answers of all
    models in that span."""
    found = _latest(since, until, most).subquery()
    columns = (found.c.model_version, found.c.label, found.c.verdict)
    query = select(*columns, func.count(), func.sum(found.c.score)).group_by(*columns)
    rows = session.execute(query).all()
    return Span(
        tuple(Tally(*row[1:]) for row in rows if row[0] == version), sum(row[3] for row in rows) >= most
    )


def latencies(session: Session, version: str, since: datetime, until: datetime, most: int) -> Sequence[float]:
    """Milliseconds of a model's answers from `since` until before `until`, of the last `most` of all."""
    found = _latest(since, until, most).subquery()
    return session.scalars(select(found.c.latency_ms).where(found.c.model_version == version)).all()


def _latest(since: datetime, until: datetime, most: int) -> Select[Prediction]:
    return (
        select(Prediction)
        .where(Prediction.created_at >= since, Prediction.created_at < until)
        .order_by(Prediction.created_at.desc())
        .limit(most)
    )
