"""What a model answered in the last days, against what it learnt from."""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import numpy as np
from sqlalchemy.orm import Session

from backend.api.drift_schemas import DayOut, DriftOut, LabelShare, LatencyOut
from backend.api.label_drift import LEAST, distance_by_chance, jensen_shannon_distance
from databases import usage
from databases.registry import RegisteredModel
from databases.usage import Span, Tally

MOST_A_DAY = 10_000
MOST_TIMED = 5_000


def tell_drift(
    session: Session, model: RegisteredModel, prior: Sequence[float] | None, days: int, now: datetime
) -> DriftOut:
    """`prior`: each of the model's labels' share of what it learnt from. `days` of UTC, the last of them
    `now`'s."""
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    begins = [today - timedelta(days=back) for back in reversed(range(days))]
    spans = [
        usage.tally(session, model.version, model.task, begin, begin + timedelta(days=1), MOST_A_DAY)
        for begin in begins
    ]
    every = [one for span in spans for one in span.tallies]
    labels = _labels(model.labels, prior, every)
    named = sum(one.answers for one in labels)
    enough = prior is not None and named >= LEAST
    return DriftOut(
        task=model.task,
        version=model.version,
        since=begins[0],
        answers=_answers(every),
        of_library=sum(span.of_library for span in spans),
        least=LEAST,
        distance=jensen_shannon_distance(prior, [one.share for one in labels]) if prior and enough else None,
        by_chance=distance_by_chance(len(labels), named) if enough else None,
        unsure=_share(every, "unsure"),
        not_an_animal=_share(every, "not_an_animal"),
        mean_score=_mean(every),
        labels=labels,
        days=[_day(begin, span) for begin, span in zip(begins, spans, strict=True)],
        latency=_latency(session, model, begins[0], now),
    )


def _labels(
    names: Sequence[str], prior: Sequence[float] | None, tallies: Sequence[Tally]
) -> list[LabelShare]:
    counts: Counter[str] = Counter()
    for one in tallies:
        if one.verdict != "not_an_animal":
            counts[one.label] += one.answers
    total = sum(counts[name] for name in names)
    return [
        LabelShare(
            label=name, answers=counts[name], share=counts[name] / total if total else 0, expected=expected
        )
        for name, expected in itertools.zip_longest(names, prior or ())
    ]


def _day(begin: datetime, span: Span) -> DayOut:
    return DayOut(
        day=begin.date(),
        answers=_answers(span.tallies),
        capped=span.capped,
        unsure=_share(span.tallies, "unsure"),
        not_an_animal=_share(span.tallies, "not_an_animal"),
        mean_score=_mean(span.tallies),
    )


def _answers(tallies: Sequence[Tally]) -> int:
    return sum(one.answers for one in tallies)


def _share(tallies: Sequence[Tally], verdict: str) -> float | None:
    total = _answers(tallies)
    return sum(one.answers for one in tallies if one.verdict == verdict) / total if total else None


def _mean(tallies: Sequence[Tally]) -> float | None:
    total = _answers(tallies)
    return sum(one.scores for one in tallies) / total if total else None


def _latency(session: Session, model: RegisteredModel, since: datetime, now: datetime) -> LatencyOut | None:
    times = usage.latencies(session, model.version, since, now + timedelta(days=1), MOST_TIMED)
    if not times:
        return None
    median, p95 = np.percentile(times, [50, 95])
    return LatencyOut(median_ms=float(median), p95_ms=float(p95), answers=len(times))
