"""What is told of where an answer comes from. A contract: fields are added, never changed."""

from pydantic import BaseModel, ConfigDict

from backend.api.schemas import ModelName, Score


class BoxOut(BaseModel):
    """A part of an upright picture, as fractions of its width and height."""

    left: Score
    top: Score
    right: Score
    bottom: Score


class ExplanationOut(BaseModel):
    """What on a picture speaks for `label`: `heat`, rows from the top, each from the left, over the part
    `box` of the upright picture; the model sees nothing of the rest.

    1 is the place that speaks most for the label, however little it says; 0 is one that says nothing or
    speaks against it. All are 0 where nothing speaks for it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "label": "tiger",
                "heat": [[0.0, 0.12, 0.05], [0.08, 1.0, 0.61], [0.0, 0.43, 0.2]],
                "box": {"left": 0.2, "top": 0.0625, "right": 0.8, "bottom": 0.9375},
                "model": {"task": "big-cats", "version": "big-cats-1"},
            }
        }
    )

    label: str
    heat: list[list[Score]]
    box: BoxOut
    model: ModelName
