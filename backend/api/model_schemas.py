"""What goes over HTTP about models: details, history, comparisons, promotions."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, JsonValue

from backend.api.people import By
from backend.api.schemas import ModelOut

Kind = Literal["promoted", "rolled_back"]


class CalibrationOut(BaseModel):
    """`ece_before`, `ece_after`: the expected calibration error without and with the temperature, on what it
    was fitted on."""

    temperature: float
    fitted_on: str | None
    ece_before: float | None
    ece_after: float | None


class ThresholdsOut(BaseModel):
    """`confidence`: the score from which an answer is confident; `novelty`: up to which a label is given."""

    confidence: float
    novelty: float | None


class CandidateOut(BaseModel):
    """A file that might serve: its accuracy on pictures held out, and its median milliseconds a picture."""

    file: str
    accuracy: float
    latency_ms: float


class ServingOut(BaseModel):
    """The file that serves, and why."""

    file: str
    reason: str
    candidates: list[CandidateOut]


class BundleOut(BaseModel):
    """What a bundle's manifest tells."""

    calibration: CalibrationOut
    thresholds: ThresholdsOut
    serving: ServingOut
    size: int
    training: dict[str, JsonValue]
    libraries: dict[str, str]


class DatasetOut(BaseModel):
    """What a model was trained on. `pictures` is null where the data set was not kept."""

    fingerprint: str
    pictures: int | None
    created_at: datetime | None


class ModelDetails(ModelOut):
    """`bundle` is null where its files are not to be had here: it cannot serve then. `report`: whether there
    is one to read, `reported_at` when it was written."""

    names: list[str]
    dataset: DatasetOut | None
    bundle: BundleOut | None
    report: bool
    reported_at: datetime | None


class EventOut(BaseModel):
    """A promotion of `version`, or that it was taken back. `by` is null for the command line."""

    kind: Kind
    version: str
    at: datetime
    by: str | None


class HistoryOut(BaseModel):
    task: str
    items: list[EventOut]


class ShareOut(BaseModel):
    """`count` of `total`, with its 95 % interval by Wilson's score."""

    count: int
    total: int
    value: float
    low: float
    high: float


class Side(BaseModel):
    """One of two models; `metrics` as the registry has them."""

    version: str
    architecture: str
    metrics: dict[str, JsonValue] | None
    bytes: int | None
    latency_ms: float | None
    created_at: datetime


class Paired(BaseModel):
    """Both on the same test pictures, none of which either learnt from. `p_value`: how likely such a
    difference is between two that are equally good, by McNemar's exact test."""

    pictures: int
    a: ShareOut
    b: ShareOut
    only_a: int
    only_b: int
    p_value: float


class LabelChange(BaseModel):
    """How many pictures of a label each data set has."""

    label: str
    a: int
    b: int


class DataChange(BaseModel):
    """How the second's data set differs from the first's, in pictures."""

    added: int
    removed: int
    relabelled: int
    moved: int
    labels: list[LabelChange]


class DecisionCounts(BaseModel):
    """What people decided after the first's data set was put together and before the second's, and holds."""

    label: int = 0
    exclude: int = 0
    include: int = 0
    total: int = 0


class CompareOut(BaseModel):
    """`same_pictures`: whether the metrics of both were measured on the very same test pictures. `data` is
    null where a data set was not kept. `paired` is null where not both models' answers to test pictures are
    known, or not what they learnt from. `unasked`: how many test pictures that neither learnt from are not in
    `paired`, for not both answers to them are known, which `menagerie compare` changes; null where nobody
    knows what they learnt from."""

    task: str
    a: Side
    b: Side
    same_pictures: bool
    paired: Paired | None
    unasked: int | None
    data: DataChange | None
    decisions: DecisionCounts


class WhoIn(BaseModel):
    by: By = None


class PromoteIn(WhoIn):
    """`force`: even if it is worse than the champion, or was not measured on the same pictures."""

    force: bool = False


class ChampionOut(BaseModel):
    """The champion, and the one before it. `unembedded`: how many pictures of the library are not embedded
    under it yet; until `menagerie index` has done that, the model before it finds similar pictures."""

    task: str
    version: str
    before: str | None
    unembedded: int
