"""What the API answers about models, as far as this page uses it."""

from datetime import date, datetime
from typing import Literal

from frontend.answers import Answer, ModelName

STARTER = "starter"  # a task without pictures: nothing of it can be measured
State = Literal["candidate", "champion", "retired"]


class Metrics(Answer):
    """Measured on `pictures` test pictures, which `fingerprint` tells."""

    pictures: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1: float
    fingerprint: str
    log_loss: float | None = None
    ece: float | None = None


class Model(Answer):
    version: str
    task: str
    architecture: str
    state: State
    serving: bool
    labels: int
    metrics: Metrics | None
    bytes: int | None
    latency_ms: float | None
    created_at: datetime
    promoted_at: datetime | None


class Registry(Answer):
    """All models, the newest first, and which one answers."""

    serving: ModelName
    models: tuple[Model, ...]


class Dataset(Answer):
    fingerprint: str
    pictures: int | None


class Thresholds(Answer):
    confidence: float
    novelty: float | None


class Calibration(Answer):
    temperature: float
    fitted_on: str | None


class Candidate(Answer):
    file: str
    accuracy: float
    latency_ms: float


class Serving(Answer):
    file: str
    reason: str
    candidates: tuple[Candidate, ...]


class Bundle(Answer):
    calibration: Calibration
    thresholds: Thresholds
    serving: Serving
    size: int
    training: dict[str, object]


class Details(Model):
    names: tuple[str, ...]
    dataset: Dataset | None
    bundle: Bundle | None
    report: bool
    reported_at: datetime | None


class Event(Answer):
    kind: Literal["promoted", "rolled_back"]
    version: str
    at: datetime
    by: str | None


class History(Answer):
    items: tuple[Event, ...]


class Share(Answer):
    count: int
    value: float
    low: float
    high: float


class Side(Answer):
    version: str
    architecture: str
    metrics: Metrics | None


class Paired(Answer):
    pictures: int
    a: Share
    b: Share
    only_a: int
    only_b: int
    p_value: float


class DataChange(Answer):
    added: int
    removed: int
    relabelled: int
    moved: int


class Decisions(Answer):
    label: int
    exclude: int
    include: int
    total: int


class Comparison(Answer):
    a: Side
    b: Side
    same_pictures: bool
    paired: Paired | None
    unasked: int | None = None
    data: DataChange | None
    decisions: Decisions


class Champion(Answer):
    version: str
    before: str | None
    unembedded: int


class LabelShare(Answer):
    label: str
    answers: int
    share: float
    expected: float | None


class Day(Answer):
    day: date
    answers: int
    capped: bool
    unsure: float | None
    not_an_animal: float | None
    mean_score: float | None


class Latency(Answer):
    median_ms: float
    p95_ms: float


class Drift(Answer):
    version: str
    answers: int
    of_library: int = 0
    least: int
    distance: float | None
    by_chance: float | None
    unsure: float | None
    not_an_animal: float | None
    mean_score: float | None
    labels: tuple[LabelShare, ...]
    days: tuple[Day, ...]
    latency: Latency | None
