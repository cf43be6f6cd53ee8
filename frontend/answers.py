"""What the API answers, as far as the page uses it. Fields that the API adds are ignored."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Verdict = Literal["confident", "unsure", "not_an_animal"]


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class LabelScore(Answer):
    label: str
    score: float


class ModelName(Answer):
    task: str
    version: str


class Prediction(Answer):
    """`score` and those of `top_k` are probabilities; `top_k` is sorted, the likeliest first.

    `label` is None where the verdict is that there is no animal.
    """

    prediction_id: str = ""
    label: str | None
    score: float
    verdict: Verdict
    sentence: str
    top_k: tuple[LabelScore, ...]
    neighbours_agree: float | None = None
    nearest: float | None = None
    model: ModelName


class Links(Answer):
    """Relative to the API's root."""

    content: str
    thumbnail: str


class LibraryImage(Answer):
    id: int
    file_name: str
    label: str | None
    links: Links


class ImagePage(Answer):
    total: int
    items: tuple[LibraryImage, ...]


class SimilarImage(Answer):
    """`similarity` is a cosine, 0 to 1. `alike`: how many pictures show the same, itself among them."""

    image: LibraryImage
    similarity: float
    alike: int = 1


class Similar(Answer):
    """The nearest first; `available` counts all pictures of `label`, shown or not."""

    label: str
    available: int
    items: tuple[SimilarImage, ...]


class LabelCount(Answer):
    label: str
    pictures: int


class Labels(Answer):
    task: str
    labels: tuple[LabelCount, ...]


class Readiness(Answer):
    """`gallery`: how many pictures of the library can be searched."""

    model: ModelName
    gallery: int


class Problem(Answer):
    """An error of the API: `code` is stable, `detail` is for people."""

    code: str
    detail: str
