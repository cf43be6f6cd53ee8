"""What goes over HTTP. These are contracts: fields are added, never changed."""

from datetime import datetime
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, JsonValue

Split = Literal["train", "val", "test"]
# Of an id that the database can hold.
MAX_ID = 2**31 - 1
Score = Annotated[float, Ge(0), Le(1)]


IMAGE: dict[str, JsonValue] = {
    "id": 17,
    "file_name": "tiger-17.jpg",
    "label": "tiger",
    "split": "train",
    "width": 640,
    "height": 427,
    "bytes": 58213,
    "format": "JPEG",
    "links": {
        "content": "/images/17/content?v=9f2c64d0a1b35e78",
        "thumbnail": "/images/17/thumbnail?v=9f2c64d0a1b35e78",
    },
}
PREDICTION: dict[str, JsonValue] = {
    "prediction_id": "0b8f6d0c4c0e4f0e9a5f2a1d7f3b9c11",
    "label": "tiger",
    "score": 0.93,
    "verdict": "confident",
    "sentence": "This looks like: tiger (93 % sure).",
    "top_k": [{"label": "tiger", "score": 0.93}, {"label": "tiger cat", "score": 0.04}],
    "novelty": 0.0004,
    "neighbours_agree": 0.9,
    "nearest": 0.87,
    "model": {"task": "starter", "version": "starter-1"},
}
PROBLEM: dict[str, JsonValue] = {
    "type": "about:blank",
    "title": "Unsupported Media Type",
    "status": 415,
    "code": "truncated_image",
    "detail": "the picture is cut short: part of the file is missing",
}


def _example(example: dict[str, JsonValue]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class LabelScore(BaseModel):
    label: str
    score: Score


class PredictionOut(BaseModel):
    """The answer for one picture: `score` is the calibrated probability of `label`, `top_k` the likeliest.

    `label` is null where the verdict is `not_an_animal`; `score` is the likeliest label's all the same.
    `novelty` tells how strange the picture is, from 0 to 1: the share of the task's own pictures that are
    less strange; the starter's is the probability that it shows no animal. Null where the model cannot tell.
    `neighbours_agree`, a second opinion: the share of the ten nearest pictures of the library that carry the
    likeliest label, of those whose label the model knows. `nearest`: the similarity of the nearest, as
    `/similar` tells it. Both are null where the library has no such picture.
    """

    model_config = _example(PREDICTION)

    prediction_id: str
    label: str | None
    score: Score
    verdict: Literal["confident", "unsure", "not_an_animal"]
    sentence: str
    top_k: list[LabelScore]
    novelty: Score | None
    neighbours_agree: Score | None
    nearest: Score | None
    model: "ModelName"


class ModelName(BaseModel):
    task: str
    version: str


class ImageLinks(BaseModel):
    content: str
    thumbnail: str


class ImageOut(BaseModel):
    """A picture of the library. Width and height are in pixels, upright; links are relative to the API."""

    model_config = _example(IMAGE)

    id: int
    file_name: str
    label: str | None
    split: Split | None
    width: int
    height: int
    bytes: int
    format: str
    links: ImageLinks


class SimilarImage(BaseModel):
    """`similarity`: the cosine of the two embeddings, clipped to 0..1. `alike`: how many pictures show this,
    copies and look-alikes, itself among them."""

    image: ImageOut
    similarity: Score
    alike: int


class SimilarOut(BaseModel):
    """`label`: of all results, or `any`. `available`: how many different pictures there are to choose from,
    the asked one and its look-alikes not counted, others that look alike once."""

    model_config = _example(
        {
            "label": "tiger",
            "available": 149,
            "items": [{"image": IMAGE, "similarity": 0.87, "alike": 1}],
            "model": {"task": "big-cats", "version": "big-cats-1"},
        }
    )

    label: str
    available: int
    items: list[SimilarImage]
    model: ModelName


class LabelOut(BaseModel):
    """A label that the serving model can answer, and how many pictures of the library carry it."""

    label: str
    pictures: int


class LabelsOut(BaseModel):
    model_config = _example({"task": "big-cats", "labels": [{"label": "tiger", "pictures": 150}]})

    task: str
    labels: list[LabelOut]


class ModelOut(BaseModel):
    """A bundle of the registry. `bytes` on disk, null where its files are not to be had here. `latency_ms`:
    the median for one picture, as its report measured it, or its training; null where neither did."""

    version: str
    task: str
    architecture: str
    state: Literal["candidate", "champion", "retired"]
    serving: bool
    labels: int
    metrics: dict[str, JsonValue] | None
    bytes: int | None
    latency_ms: float | None
    created_at: datetime
    promoted_at: datetime | None


Texts = Literal["none", "aligned", "moved"]


class ModelsOut(BaseModel):
    """`texts`: whether `/similar` reads texts now, as models of CLIP's do: `aligned`; `moved` where the model
    was trained on for pictures alone: texts find them the worse, the further it moved; or `none`. `explains`:
    whether `/explain` answers for the model that serves. `keeps`: whether there is a library that it learns
    from; only then are pictures kept that are sent to `/feedback`."""

    model_config = _example(
        {
            "serving": {"task": "big-cats", "version": "big-cats-1"},
            "texts": "none",
            "explains": True,
            "keeps": True,
            "models": [
                {
                    "version": "big-cats-1",
                    "task": "big-cats",
                    "architecture": "efficientnet_lite0",
                    "state": "champion",
                    "serving": True,
                    "labels": 5,
                    "metrics": {"split": "test", "pictures": 112, "accuracy": 0.94},
                    "bytes": 23433851,
                    "latency_ms": 14.2,
                    "created_at": "2026-11-22T09:30:00Z",
                    "promoted_at": "2026-11-22T09:31:00Z",
                }
            ],
        }
    )

    serving: ModelName
    texts: Texts
    explains: bool
    keeps: bool
    models: list[ModelOut]


class Health(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    """`gallery`: how many pictures can be found by their likeness. `database`: while it is `unavailable`,
    pictures are answered all the same; what asks the library, or tells it something, is not."""

    status: Literal["ready"]
    model: ModelName
    gallery: int
    database: Literal["ok", "unavailable"]


class Problem(BaseModel):
    """An error, as application/problem+json (RFC 9457). `code` is stable; `detail` is for people."""

    model_config = _example(PROBLEM)

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str


class BatchItem(BaseModel):
    """One picture of a batch, by the name it was sent under: its prediction, or what is wrong with it."""

    name: str
    prediction: PredictionOut | None
    error: Problem | None


class BatchOut(BaseModel):
    """The pictures of a batch in the order in which they were sent, or lie in the zip; all by one model."""

    model_config = _example(
        {
            "model": {"task": "starter", "version": "starter-1"},
            "items": [
                {"name": "tiger.jpg", "prediction": PREDICTION, "error": None},
                {"name": "broken.jpg", "prediction": None, "error": PROBLEM},
            ],
        }
    )

    model: ModelName
    items: list[BatchItem]
