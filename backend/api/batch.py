"""Many pictures for one client: each has a turn of its own, and none spoils another's answer."""

import logging
import time
from dataclasses import dataclass

from anyio import create_task_group
from fastapi import Request

from backend.api.answering import Answered, answer_picture, prediction_out, record
from backend.api.batch_upload import SentPicture
from backend.api.errors import ClientGone, bug_with_item, problem_with_item
from backend.api.schemas import BatchItem
from backend.api.service import Service
from backend.inference.decoding import check_length
from backend.inference.errors import UnreadableImage
from backend.unzipping.errors import UnreadableEntry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """What one request asks, and of which model: that which served as it came."""

    service: Service
    request: Request
    top_k: int

    async def answer(self, pictures: list[SentPicture]) -> list[BatchItem]:
        """In the order of `pictures`. As many are worked on, or wait, as may be in work at once: between them
        others have their turns.

        Raises:
            ClientGone: the client went away; the rest was left undone.
        """
        answers: dict[int, BatchItem] = {}
        left = iter(enumerate(pictures))  # each worker takes the next one

        async def work() -> None:
            try:
                for place, picture in left:
                    answers[place] = await self._answer_one(picture)
            except ClientGone:
                workers.cancel_scope.cancel()

        async with create_task_group() as workers:
            for _ in range(self.service.turns.at_once):
                workers.start_soon(work)
        if len(answers) < len(pictures):
            raise ClientGone
        return [answers[place] for place in range(len(pictures))]

    async def _answer_one(self, picture: SentPicture) -> BatchItem:
        started = time.perf_counter()
        try:
            answered = await self.service.turns.run_accepted(self.request, self._answer, picture)
        except ClientGone:
            raise
        except (UnreadableImage, UnreadableEntry) as error:
            return BatchItem(name=picture.name, prediction=None, error=problem_with_item(error))
        except Exception:
            log.exception("a bug, with one picture of a batch")
            return BatchItem(name=picture.name, prediction=None, error=bug_with_item())
        prediction_id = record(self.service, answered, started)
        prediction = prediction_out(self.service, answered, prediction_id, self.top_k)
        return BatchItem(name=picture.name, prediction=prediction, error=None)

    def _answer(self, picture: SentPicture) -> Answered:
        check_length(picture.size, self.service.limits)
        return answer_picture(self.service, picture.read())
