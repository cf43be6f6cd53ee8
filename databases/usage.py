"""What the service answered of late, in sums. However large the table, a query reads a bounded part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from databases.models import Image, Prediction, Root


@dataclass(frozen=True)
class Tally:
    """So many `answers` with one label and verdict; their scores come to `scores` together."""

    label: str
    verdict: str
    answers: int
    scores: float


@dataclass(frozen=True)
class Span:
    """What a model answered in a span of time. `of_library`: answers to pictures that the library held when
    it was asked, which are in no tally. `capped`: only the last answers of the span were read."""

    tallies: tuple[Tally, ...]
    of_library: int
    capped: bool


def tally(session: Session, version: str, task: str, since: datetime, until: datetime, most: int) -> Span:
    """Sums up what a model of `task` answered from `since` until before `until`, of the last `most` answers
    of all models in that span.

    The library's own pictures tell nothing of what people ask: they are counted apart. One that came into the
    library because somebody asked about it was not there yet.
    """
    found = _latest(since, until, most).subquery()
    held = exists().where(
        Image.sha256 == found.c.sha256,
        Image.ingested_at <= found.c.created_at,
        Image.root_id.in_(select(Root.id).where(Root.task == task)),
    )
    told = select(
        found.c.model_version, held.label("held"), found.c.label, found.c.verdict, found.c.score
    ).subquery()
    columns = (told.c.model_version, told.c.held, told.c.label, told.c.verdict)
    rows = session.execute(select(*columns, func.count(), func.sum(told.c.score)).group_by(*columns)).all()
    own = [row for row in rows if row[0] == version]
    return Span(
        tuple(Tally(*row[2:]) for row in own if not row[1]),
        of_library=sum(row[4] for row in own if row[1]),
        capped=sum(row[4] for row in rows) >= most,
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
