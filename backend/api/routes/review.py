"""Which pictures people should look at next."""

from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.people import LONGEST_LABEL
from backend.api.presenting import image_out
from backend.api.queue_schemas import AnswerOut, QueueItem, QueuePage, SaidOut
from backend.gallery.arranging import side_by_side
from databases import corrections
from databases.answers import count_unanswered
from databases.embeddings import vectors_of
from databases.review_items import Item, read_items
from databases.review_queue import Position, Reason, Task, read_queue

router = APIRouter(tags=["review"])

MAX_PAGE = 200


@router.get("/review/queue")
def show_queue(
    service: ServiceDep,
    session: SessionDep,
    reason: Annotated[Reason | None, Query(description="Only pictures that wait for this reason.")] = None,
    label: Annotated[
        str | None,
        Query(max_length=LONGEST_LABEL, description="Only pictures with this label or, without one, answer."),
    ] = None,
    after: Annotated[
        str | None, Query(pattern=r"^\d{1,8}-\d{1,10}$", description="Where the page before ended.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> QueuePage:
    """List the pictures of the serving model's task that wait for somebody to decide, the most useful first.

    Whatever somebody decided leaves the queue, until it is reported anew.
    """
    model = service.model
    task = Task(model.task, model.id, model.labels)
    # Before the queue is read: what is decided meanwhile is then not in it, or counts as later.
    until = corrections.last_id(session, model.task)
    queue = read_queue(session, task, reason=reason, label=label, after=_parse(after), limit=limit)
    items = read_items(session, task, queue.waiting)
    vectors = vectors_of(session, model.id, [item.image.id for item in items])
    # The first is the most useful one: those like it stand beside it.
    seen = [item.image.id for item in items if item.image.id in vectors]
    places = {seen[row]: place for place, row in enumerate(side_by_side([vectors[one] for one in seen]))}
    return QueuePage(
        total=queue.total,
        counts=queue.counts,
        unanswered=count_unanswered(session, model.id, model.task),
        items=[_item_out(item, places.get(item.image.id)) for item in items],
        next_after="{}-{}".format(*queue.waiting[-1].position) if queue.more else None,
        decided_until=until,
    )


def _parse(after: str | None) -> Position | None:
    return None if after is None else Position(*map(int, after.split("-")))


def _item_out(item: Item, likeness: int | None) -> QueueItem:
    answer = item.answer
    return QueueItem(
        image=image_out(item.image),
        reasons=list(item.waiting.reasons),
        suggestion=item.suggestion,
        score=item.score,
        answer=None if answer is None else AnswerOut.model_validate(answer, from_attributes=True),
        agreement=None if answer is None else answer.agreement,
        likeness=likeness,
        said=[SaidOut.model_validate(one, from_attributes=True) for one in item.said],
    )
