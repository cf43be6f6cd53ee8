"""What goes over HTTP about what was asked of late."""

from datetime import date, datetime

from pydantic import BaseModel


class LabelShare(BaseModel):
    """`share`: of the answers that gave a label; `expected`: of what the model learnt from, null where nobody
    knows."""

    label: str
    answers: int
    share: float
    expected: float | None


class DayOut(BaseModel):
    """A day of UTC. `capped`: only its last answers were read. The shares and the mean are null of none."""

    day: date
    answers: int
    capped: bool
    unsure: float | None
    not_an_animal: float | None
    mean_score: float | None


class LatencyOut(BaseModel):
    """Of the last `answers`, whatever they were about, from the request to the answer."""

    median_ms: float
    p95_ms: float
    answers: int


class DriftOut(BaseModel):
    """What a model answered of late, and what it learnt from.

    `of_library`: how many more questions were about pictures that the library held already. They tell nothing
    of what people ask, and are in no other figure but the latency.

    `distance`: of the labels' shares, by Jensen and Shannon, 0 where they are the same, 1 where they have
    nothing in common; null of fewer than `least` answers. `by_chance`: what 1 in 20 samples of so many
    pictures would exceed if nothing had changed.
    """

    task: str
    version: str
    since: datetime
    answers: int
    of_library: int
    least: int
    distance: float | None
    by_chance: float | None
    unsure: float | None
    not_an_animal: float | None
    mean_score: float | None
    labels: list[LabelShare]
    days: list[DayOut]
    latency: LatencyOut | None
