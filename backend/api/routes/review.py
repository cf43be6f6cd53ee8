"""Which pictures people should look at next."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.people import LONGEST_LABEL
from backend.api.presenting import image_out
from backend.api.queue_schemas import AnswerOut, NearestOut, QueueItem, QueuePage, SaidOut
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
    places = _places(items, vectors_of(session, model.id, [item.image.id for item in items]))
    return QueuePage(
        total=queue.total,
        counts=queue.counts,
        unanswered=count_unanswered(session, model.id, model.task),
        items=[_item_out(item, places.get(item.image.id)) for item in items],
        next_after="{}-{}".format(*queue.waiting[-1].position) if queue.more else None,
        decided_until=until,
    )


def _places(items: Sequence[Item], vectors: Mapping[int, bytes]) -> dict[int, int]:
    """The place of each picture that has a vector when look-alikes stand side by side, by id. Look-alikes of
    one reason only: what was reported wrong does not wait for what looks like it."""
    arranged: list[int] = []
    seen = (item for item in items if item.image.id in vectors)
    for _, group in groupby(seen, lambda item: item.waiting.reasons[0]):
        ids = [item.image.id for item in group]
        # The first is the most useful one: those like it stand beside it.
        arranged += [ids[row] for row in side_by_side([vectors[one] for one in ids])]
    return {image_id: place for place, image_id in enumerate(arranged)}


def _parse(after: str | None) -> Position | None:
    return None if after is None else Position(*map(int, after.split("-")))


def _item_out(item: Item, likeness: int | None) -> QueueItem:
    answer = item.answer
    nearest = None if answer is None else answer.nearest
    return QueueItem(
        image=image_out(item.image),
        reasons=list(item.waiting.reasons),
        suggestion=item.suggestion,
        score=item.score,
        answer=None if answer is None else AnswerOut.model_validate(answer, from_attributes=True),
        agreement=None if answer is None else answer.agreement,
        nearest=NearestOut.model_validate(nearest, from_attributes=True) if nearest else None,
        likeness=likeness,
        said=[SaidOut.model_validate(one, from_attributes=True) for one in item.said],
    )
