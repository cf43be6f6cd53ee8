"""Who answers: another model is made the champion, or the one before is again."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request

from backend.api import champions
from backend.api.champions import Change
from backend.api.dependencies import ServiceDep
from backend.api.errors import problems
from backend.api.model_schemas import ChampionOut, PromoteIn, WhoIn
from backend.api.people import who
from backend.api.routes.models import ModelDep

router = APIRouter(
    prefix="/models",
    tags=["models"],
    responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)


@router.post("/{version}/promote")
def promote_model(
    service: ServiceDep, request: Request, model: ModelDep, asked: PromoteIn | None = None
) -> ChampionOut:
    """Make a model the champion: the one that answers, within seconds.

    Its bundle must be sound, and it must be no worse than the champion on the same test pictures.
    """
    asked = asked or PromoteIn()
    return _told(champions.promote(service, model, force=asked.force, by=who(request, asked.by)))


@router.post("/rollback")
def roll_back(
    service: ServiceDep,
    request: Request,
    task: Annotated[str | None, Query(description="By default the serving model's.")] = None,
    asked: WhoIn | None = None,
) -> ChampionOut:
    """Take the last promotion back: the champion before it answers again, within seconds."""
    task = service.model.task if task is None else task
    return _told(champions.roll_back(service, task, who(request, asked.by if asked else None)))


def _told(change: Change) -> ChampionOut:
    return ChampionOut(
        task=change.model.task,
        version=change.model.version,
        before=None if change.before is None else change.before.version,
        unembedded=change.unembedded,
    )
