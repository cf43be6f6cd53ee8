"""Queries on what people said of predictions."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from databases.models import Feedback, Model, Prediction


@dataclass(frozen=True)
class Predicted:
    """A prediction that people may speak of: which picture, by its content, and what a model of a task
    answered. `label` is the likeliest one, also where the verdict is that it shows no animal."""

    id: str
    sha256: str
    task: str
    label: str
    verdict: str


@dataclass(frozen=True)
class Saying:
    """What somebody says of a prediction. `label` is the right answer, where they give it, `image_id` the
    library's picture that it was about, where it has that."""

    prediction_id: str
    correct: bool
    label: str | None = None
    comment: str | None = None
    image_id: int | None = None
    made_by: str | None = None


def find_prediction(session: Session, prediction_id: str) -> Predicted | None:
    """The prediction with this id, once it is written down."""
    row = session.execute(
        select(Prediction.id, Prediction.sha256, Model.task, Prediction.label, Prediction.verdict)
        .join(Model, Model.version == Prediction.model_version)
        .where(Prediction.id == prediction_id)
    ).one_or_none()
    return None if row is None else Predicted(*row)


def add(session: Session, saying: Saying) -> int:
    """Writes down what somebody said; its id. Of all that is said of one prediction the last word holds."""
    row = Feedback(**vars(saying))
    session.add(row)
    session.flush()
    return row.id
