"""A library with answers, findings and reports, for what people should look at."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from databases import answers, feedback, predictions
from databases.answers import Judged, NewAnswer
from databases.feedback import Saying
from databases.models import Feedback, Finding, Image, now
from databases.predictions import NewPrediction
from databases.review_queue import Queue, Task, read_queue
from tests.databases.filling import Library, register


@dataclass
class Desk:
    """The pictures of a task, and what a model and people say of them."""

    session: Session
    pets: Library = field(init=False)
    task: Task = field(init=False)
    asked: int = 0

    def __post_init__(self) -> None:
        self.pets = Library(self.session)
        model = register(self.session, "pets-1")
        self.task = Task("pets", model.id, model.labels)

    def add(self, uri: str, **changes: Any) -> int:
        """A picture whose label is its folder."""
        return self.pets.add(uri, **changes)

    def content(self, image_id: int) -> str:
        sha256 = self.session.get_one(Image, image_id).sha256
        assert sha256 is not None
        return sha256

    def answer(
        self,
        image_id: int,
        label: str,
        verdict: str = "confident",
        *,
        margin: float = 0.9,
        agreement: float | None = 1.0,
        near: tuple[str, int] | None = None,
    ) -> None:
        """What the model says of a picture, which share of its ten neighbours agrees, and how many of them
        carry which label."""
        sha256 = self.content(image_id)
        score = (1 + margin) / 2
        new = NewAnswer(image_id, sha256, label, score, margin, verdict)
        answers.put_answers(self.session, self.task.model_id, [new])
        if agreement is not None:
            most = near or (label, round(10 * agreement))
            answers.put_agreements(
                self.session, self.task.model_id, {image_id: Judged(agreement, *most, near_asked=10)}
            )

    def suspect(self, image_id: int, rank: int, better: str | None = None, kind: str = "suspect") -> None:
        self.session.add(Finding(image_id=image_id, kind=kind, rank=rank, better=better))
        self.session.flush()

    def ask(self, sha256: str, label: str = "cat", verdict: str = "confident") -> str:
        """The id of a prediction for a picture."""
        self.asked += 1
        asked = NewPrediction(f"{self.asked:032x}", sha256, "pets-1", label, 0.9, verdict, 1.0, now())
        predictions.record_predictions(self.session, [asked])
        return asked.id

    def report(self, image_id: int, *, correct: bool = False, days_ago: int = 0, **said: Any) -> str:
        """Somebody says of a new prediction for a picture whether it is right; the prediction's id."""
        prediction_id = self.ask(self.content(image_id))
        self.say(prediction_id, correct=correct, days_ago=days_ago, **said)
        return prediction_id

    def say(self, prediction_id: str, *, correct: bool, days_ago: int = 0, **said: Any) -> None:
        number = feedback.add(self.session, Saying(prediction_id, correct, **said))
        self.session.get_one(Feedback, number).created_at = now() - timedelta(days=days_ago)
        self.session.flush()

    def queue(self, limit: int = 50, **asked: Any) -> Queue:
        return read_queue(self.session, self.task, limit=limit, **asked)

    def ids(self, **asked: Any) -> list[int]:
        """The pictures of the queue, in its order."""
        return [one.position.image_id for one in self.queue(**asked).waiting]
