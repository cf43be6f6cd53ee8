"""What goes over HTTP where people say whether an answer is right."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.api.people import By, Label, Words
from backend.inference.decoding import FORMAT_NAMES

FILE = "file"


class FeedbackIn(BaseModel):
    """Whether an answer is right; where it is not, perhaps what would be."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "prediction_id": "0b8f6d0c4c0e4f0e9a5f2a1d7f3b9c11",
                "correct": False,
                "label": "leopard",
                "comment": "Look at the rosettes.",
            }
        }
    )

    prediction_id: Annotated[str, Field(max_length=100, description="As /predict told it.")]
    correct: bool
    label: Annotated[Label | None, Field(description="The right answer, where this one is not.")] = None
    comment: Words | None = None
    by: By = None

    @model_validator(mode="after")
    def _check_label(self) -> Self:
        if self.correct and self.label is not None:
            raise ValueError("an answer that is correct needs no other label")
        return self


class FeedbackOut(BaseModel):
    """`image_id`: the library's picture with the same content, where it has one, or was sent it to keep;
    `not_kept`: why what was sent could not be kept, null where it was, or nothing was sent."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": 3, "image_id": 917, "not_kept": None}})

    id: int
    image_id: int | None
    not_kept: str | None


def _form() -> dict[str, Any]:
    schema = FeedbackIn.model_json_schema()
    picture = {
        "type": "string",
        "format": "binary",
        "description": f"The {FORMAT_NAMES} picture that was asked about, where its owner lets it be kept to "
        "learn from.",
    }
    return schema | {"properties": schema["properties"] | {FILE: picture}}


AS_FEEDBACK: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": FeedbackIn.model_json_schema()},
            "multipart/form-data": {"schema": _form()},
        },
    }
}
