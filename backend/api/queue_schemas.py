"""What goes over HTTP of the pictures that people should look at."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from backend.api.schemas import IMAGE, ImageOut, Score
from databases.review_queue import Reason


class AnswerOut(BaseModel):
    """What the serving model answers: the likeliest label, also where the verdict is `not_an_animal`."""

    label: str
    score: Score
    verdict: Literal["confident", "unsure", "not_an_animal"]


class NearestOut(BaseModel):
    """The label that most of `asked` labelled neighbours of a picture carry: `count` of them."""

    label: str
    count: int
    asked: int


class SaidOut(BaseModel):
    """What somebody said of an answer for this picture; `label` is the right one, as they see it."""

    correct: bool
    label: str | None
    comment: str | None
    by: str | None
    at: datetime


class QueueItem(BaseModel):
    """A picture to decide on. `reasons`, the weightiest first: `reported` wrong by somebody; `suspect` to a
    check of the library; the model or the neighbours `disagrees` with its label; `unlabelled`; the model is
    `unsure`. `suggestion`: the label to confirm, where there is one; `score`: the model's for it, null where
    it suggests another or none. `agreement`: the share of its neighbours that carry the answer's label;
    `nearest`: which label most of them carry. Where these alone disagree, nothing is suggested.
    `likeness`: its place, from 0, among the pictures of this page when look-alikes of one weightiest reason
    stand side by side, the most useful first; null where the model has not seen it. By pictures of the split
    `test` models are measured: where such a label is wrong, so is the measure."""

    image: ImageOut
    reasons: list[Reason]
    suggestion: str | None
    score: Score | None
    answer: AnswerOut | None
    agreement: Score | None
    nearest: NearestOut | None
    likeness: int | None
    said: list[SaidOut]


class QueuePage(BaseModel):
    """What most improves the next model comes first. `total` waits for the reason that was asked for, or for
    any; `counts` are by reason, of which one picture may have several. `unanswered`: pictures that the model
    was not asked about yet, so that only people and checks can doubt them: `menagerie index` asks.
    `next_after` is what to pass as `after` for the next page, null on the last one. `decided_until` is what
    to send along with decisions on these pictures: none then overrides what others decide meanwhile."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 1,
                "counts": {"reported": 0, "suspect": 1, "disagrees": 1, "unlabelled": 0, "unsure": 0},
                "unanswered": 0,
                "items": [
                    {
                        "image": IMAGE,
                        "reasons": ["suspect", "disagrees"],
                        "suggestion": "leopard",
                        "score": 0.88,
                        "answer": {"label": "leopard", "score": 0.88, "verdict": "confident"},
                        "agreement": 0.9,
                        "nearest": {"label": "leopard", "count": 9, "asked": 10},
                        "likeness": 0,
                        "said": [],
                    }
                ],
                "next_after": None,
                "decided_until": 6,
            }
        }
    )

    total: int
    counts: dict[Reason, int]
    unanswered: int
    items: list[QueueItem]
    next_after: str | None
    decided_until: int
