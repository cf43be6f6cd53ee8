"""What people decide on the library's pictures. It holds at once, and from the next training on in models."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session

from backend.api.decision_schemas import (
    DecidedOut,
    DecisionOut,
    DecisionPage,
    DecisionsIn,
    OvertakenOut,
    UndoIn,
    UndoneOut,
)
from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.errors import ApiError, problems
from backend.api.people import who
from backend.api.schemas import MAX_ID
from backend.api.writing import write
from databases import corrections, finding, label_operations, library
from databases.corrections import Recorded
from databases.finding import KnownAs
from databases.labelling import lock_labels

router = APIRouter(tags=["review"])

MAX_PAGE = 200


@router.post("/decisions", responses=problems(HTTPStatus.NOT_FOUND))
async def decide(service: ServiceDep, request: Request, wanted: DecisionsIn) -> DecidedOut:
    """Decide what pictures show, or whether they are used, for every exact copy of each.

    With `decided_until`, pictures on which somebody decided since are left as they are, and told.
    """
    task = service.model.task

    def work(session: Session) -> DecidedOut:
        return _decide(session, task, wanted, made_by=who(request, wanted.by))

    return await write(service.writer, work)


@router.post("/decisions/undo", responses=problems(HTTPStatus.CONFLICT))
async def undo(service: ServiceDep, wanted: UndoIn) -> UndoneOut:
    """Take decisions back: what held before each of them holds again."""
    task = service.model.task
    return UndoneOut(
        undone=await write(service.writer, lambda session: corrections.undo(session, wanted.ids, task))
    )


@router.get("/decisions")
def list_decisions(
    service: ServiceDep,
    session: SessionDep,
    after: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Where the page before ended.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> DecisionPage:
    """List what was decided on pictures of the serving model's task, newest first, what was undone too."""
    task = service.model.task
    found = corrections.page(session, task, after, limit + 1)
    known = finding.known_as(session, task, {one.sha256 for one in found})
    items = [_decision_out(one, known.get(one.sha256)) for one in found[:limit]]
    return DecisionPage(items=items, next_after=items[-1].id if len(found) > limit else None)


def _decide(session: Session, task: str, wanted: DecisionsIn, made_by: str | None) -> DecidedOut:
    lock_labels(session, task)  # of two who make up labels that read alike, the later one sees the other's
    contents = finding.contents(session, task, wanted.image_ids)
    if missing := [one for one in wanted.image_ids if one not in contents]:
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", f"the library has no picture {missing[0]}")
    if wanted.label is not None:
        label_operations.check_name(wanted.label)
        label_operations.check_alike(wanted.label, library.labels(session, task))
    until = wanted.decided_until
    meanwhile = {} if until is None else corrections.made_since(session, task, until, contents.values())
    ids = corrections.add(
        session,
        task,
        [contents[one] for one in wanted.image_ids if contents[one] not in meanwhile],
        wanted.kind,
        label=wanted.label,
        reason=wanted.reason or None,
        made_by=made_by,
    )
    known = finding.known_as(session, task, meanwhile)
    overtaken = [
        OvertakenOut(image_id=one, decision=_decision_out(meanwhile[sha256], known.get(sha256)))
        for one, sha256 in sorted(contents.items())
        if sha256 in meanwhile
    ]
    return DecidedOut(decided=len(contents) - len(overtaken), ids=ids, overtaken=overtaken)


def _decision_out(one: Recorded, known: KnownAs | None) -> DecisionOut:
    return DecisionOut(
        id=one.id,
        image_id=None if known is None else known.id,
        file_name=None if known is None else known.file_name,
        sha256=one.sha256,
        kind=one.kind,
        label=one.label,
        reason=one.reason,
        by=one.made_by,
        made_at=one.made_at,
        undone_at=one.undone_at,
    )
