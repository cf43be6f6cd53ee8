"""What goes over HTTP when somebody looks through the library."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from backend.api.schemas import IMAGE, ImageOut, Score
from databases.findings import Kind


class ImagePage(BaseModel):
    """`next_after` is what to pass as `after` for the next page, null on the last one; `previous_before` what
    to pass as `before` for the page before, null on the first. `earlier`: how many pictures lie before it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 1200,
                "earlier": 0,
                "items": [IMAGE],
                "next_after": 17,
                "previous_before": None,
            }
        }
    )

    total: int
    earlier: int
    items: list[ImageOut]
    next_after: int | None
    previous_before: int | None


class QualityOut(BaseModel):
    """How a picture looks. Sharpness: the variance of the Laplacian of its luma, 0 to 255, in the sharpest of
    16 tiles; the others are 0 to 1."""

    sharpness: float
    brightness: Score
    contrast: Score
    saturation: Score


class FindingOut(BaseModel):
    """Something that may be wrong with a picture. `better`: a label that fits better than its own."""

    kind: Kind
    better: str | None


class AnswerOut(BaseModel):
    """What the serving model answered to a picture of the library when it was indexed. `agreement`: the share
    of the nearest labelled pictures that carry `label`; null where there are none."""

    label: str
    score: Score
    verdict: Literal["confident", "unsure", "not_an_animal"]
    agreement: Score | None


DETAILS: dict[str, JsonValue] = IMAGE | {
    "source": "big-cats",
    "aspect_ratio": 1.499,
    "ingested_at": "2026-11-22T09:30:00Z",
    "excluded": False,
    "quality": {"sharpness": 812.4, "brightness": 0.46, "contrast": 0.91, "saturation": 0.38},
    "findings": [{"kind": "suspect", "better": "leopard"}],
    "duplicates": [],
    "answer": {"label": "leopard", "score": 0.88, "verdict": "confident", "agreement": 0.9},
    "decided_until": 6,
}


class ImageDetails(ImageOut):
    """All that is known of a picture. `source`: the name of its root; `aspect_ratio` is width over height.
    `duplicates`: at most 12 others that show the same. An `excluded` picture is known, but not used.
    `decided_until` is what to send along with a decision on it: see `POST /decisions`."""

    model_config = ConfigDict(json_schema_extra={"example": DETAILS})

    source: str
    aspect_ratio: float
    ingested_at: datetime
    excluded: bool
    quality: QualityOut | None
    findings: list[FindingOut]
    duplicates: list[ImageOut]
    answer: AnswerOut | None
    decided_until: int


class LabelCounts(BaseModel):
    """Pictures of a label, or of none; those of no split are in `pictures` alone."""

    label: str | None
    pictures: int
    train: int
    val: int
    test: int


class SourceCount(BaseModel):
    name: str
    pictures: int


class FindingCount(BaseModel):
    kind: Kind
    pictures: int


class LibraryOut(BaseModel):
    """What the library of the serving model's task consists of: `total` pictures in use; beside them those
    that somebody excluded, and the files that are no usable picture."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "task": "big-cats",
                "total": 150,
                "labels": [{"label": "tiger", "pictures": 150, "train": 105, "val": 23, "test": 22}],
                "sources": [{"name": "big-cats", "pictures": 150}],
                "findings": [{"kind": "blurry", "pictures": 4}],
                "excluded": 2,
                "invalid": 1,
            }
        }
    )

    task: str
    total: int
    labels: list[LabelCounts]
    sources: list[SourceCount]
    findings: list[FindingCount]
    excluded: int
    invalid: int
