"""What goes over HTTP. These are contracts: fields are added, never changed."""

from datetime import datetime
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, JsonValue

Split = Literal["train", "val", "test"]
Score = Annotated[float, Ge(0), Le(1)]


class LabelScore(BaseModel):
    label: str
    score: Score


class PredictionOut(BaseModel):
    """The answer for one picture: `score` is the calibrated probability of `label`, `top_k` the likeliest.

    `label` is null where the verdict is `not_an_animal`; `score` is the likeliest label's all the same.
    `novelty` is the probability that the picture shows no animal, null where the model cannot tell.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "prediction_id": "0b8f6d0c4c0e4f0e9a5f2a1d7f3b9c11",
                "label": "tiger",
                "score": 0.93,
                "verdict": "confident",
                "sentence": "This looks like: tiger (93 % sure).",
                "top_k": [{"label": "tiger", "score": 0.93}, {"label": "tiger cat", "score": 0.04}],
                "novelty": 0.0004,
                "model": {"task": "starter", "version": "starter-1"},
            }
        }
    )

    prediction_id: str
    label: str | None
    score: Score
    verdict: Literal["confident", "unsure", "not_an_animal"]
    sentence: str
    top_k: list[LabelScore]
    novelty: Score | None
    model: "ModelName"


class ModelName(BaseModel):
    task: str
    version: str


class ImageOut(BaseModel):
    """A picture of the library. Width and height are in pixels, upright; links are relative to the API."""

    id: int
    file_name: str
    label: str | None
    split: Split | None
    width: int
    height: int
    bytes: int
    format: str
    links: "ImageLinks"


class ImageLinks(BaseModel):
    content: str
    thumbnail: str


class ImagePage(BaseModel):
    """`next_after` is what to pass as `after` for the next page, null on the last one."""

    total: int
    items: list[ImageOut]
    next_after: int | None


class SimilarImage(BaseModel):
    """`similarity`: the cosine of the two embeddings, clipped to 0..1."""

    image: ImageOut
    similarity: Score


class SimilarOut(BaseModel):
    """`available`: how many pictures of `label` there are besides the asked one and its exact copies."""

    label: str
    available: int
    items: list[SimilarImage]
    model: ModelName


class LabelOut(BaseModel):
    """A label that the serving model can answer, and how many pictures of the library carry it."""

    label: str
    pictures: int


class LabelsOut(BaseModel):
    task: str
    labels: list[LabelOut]


class ModelOut(BaseModel):
    version: str
    task: str
    architecture: str
    state: Literal["candidate", "champion", "retired"]
    serving: bool
    labels: int
    metrics: dict[str, JsonValue] | None
    created_at: datetime
    promoted_at: datetime | None


class ModelsOut(BaseModel):
    serving: ModelName
    models: list[ModelOut]


class Health(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    status: Literal["ready"]
    model: ModelName
    gallery: int


class Problem(BaseModel):
    """An error, as application/problem+json (RFC 9457). `code` is stable; `detail` is for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Unsupported Media Type",
                "status": 415,
                "code": "truncated_image",
                "detail": "the picture is cut short: part of the file is missing",
            }
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
