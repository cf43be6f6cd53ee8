"""What goes over HTTP where people decide on pictures."""

from datetime import datetime
from typing import Annotated, Literal, Self

from annotated_types import Ge, Le, Len
from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from backend.api.people import By, Label, Words
from backend.api.schemas import MAX_ID
from databases.keys import Scope

MOST_AT_ONCE = 1000
Kind = Literal["label", "exclude", "include"]
Id = Annotated[int, Ge(1), Le(MAX_ID)]
Ids = Annotated[list[Id], Len(1, MOST_AT_ONCE)]


def _example(example: dict[str, JsonValue]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class Me(BaseModel):
    """Who asks. `auth`: whether keys are needed here; if not, everybody may do everything."""

    model_config = _example({"auth": True, "name": "robot", "scopes": ["predict"]})

    auth: bool
    name: str | None
    scopes: list[Scope]


class DecisionsIn(BaseModel):
    """A decision on pictures of the library: what they show (`label`, which may be a new one), that they are
    not to be used (`exclude`), or that they are in order (`include`). It holds for every exact copy.
    `decided_until`: what was told with the pictures as they were seen, on a page of the queue or of one of
    them. Whatever somebody else decided since then stands, and comes back as `overtaken`; without it the
    latest decision wins."""

    model_config = _example({"image_ids": [17, 18], "kind": "label", "label": "tiger", "by": "Anna"})

    image_ids: Ids
    kind: Kind
    label: Label | None = None
    reason: Words | None = None
    by: By = None
    decided_until: Annotated[int, Ge(0), Le(MAX_ID)] | None = None

    @model_validator(mode="after")
    def _check_label(self) -> Self:
        if (self.kind == "label") != (self.label is not None):
            raise ValueError("kind label goes with a label, and no other kind does")
        return self


class DecisionOut(BaseModel):
    """A decision as it was made, undone or not. `image_id` and `file_name`: of a picture with this content;
    null where the library has none any more."""

    id: int
    image_id: int | None
    file_name: str | None
    sha256: str
    kind: Kind
    label: str | None
    reason: str | None
    by: str | None
    made_at: datetime
    undone_at: datetime | None


class OvertakenOut(BaseModel):
    """A picture that was asked for and not decided on, and the decision that was made on it meanwhile."""

    image_id: int
    decision: DecisionOut


class DecidedOut(BaseModel):
    """How many pictures were decided on, and the ids of the decisions: one for each different content.
    `overtaken`: those that were not, as somebody had decided on them after `decided_until`."""

    model_config = _example({"decided": 2, "ids": [5, 6], "overtaken": []})

    decided: int
    ids: list[int]
    overtaken: list[OvertakenOut]


class UndoIn(BaseModel):
    model_config = _example({"ids": [5, 6]})

    ids: Ids


class UndoneOut(BaseModel):
    undone: int


class DecisionPage(BaseModel):
    """The newest first; `next_after` is what to pass as `after` for the next page, null on the last one."""

    model_config = _example(
        {
            "items": [
                {
                    "id": 6,
                    "image_id": 18,
                    "file_name": "tiger-18.jpg",
                    "sha256": "9f" * 32,
                    "kind": "label",
                    "label": "tiger",
                    "reason": None,
                    "by": "Anna",
                    "made_at": "2026-11-28T09:30:00Z",
                    "undone_at": None,
                }
            ],
            "next_after": 6,
        }
    )

    items: list[DecisionOut]
    next_after: int | None
