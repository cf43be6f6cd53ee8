"""Is what is asked of late still what the model learnt from?"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.drift_schemas import DriftOut
from backend.api.drifting import tell_drift
from backend.api.errors import problems
from backend.api.priority import behind
from backend.api.routes.models import find_model

router = APIRouter(tags=["models"], responses=problems(HTTPStatus.NOT_FOUND))

MOST_DAYS = 31


@router.get("/drift")
def show_drift(
    service: ServiceDep,
    session: SessionDep,
    version: Annotated[str | None, Query(description="By default the serving model's.")] = None,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="Of UTC, today the last.")] = 7,
) -> DriftOut:
    """Hold what was answered in the last days against what the model learnt from."""
    model = service.model if version is None else find_model(session, version)
    facts = service.shelf.facts(model.bundle_uri, model.version)
    prior = None if facts is None else facts.manifest.label_prior
    return behind(tell_drift, session, model, prior, days, datetime.now(UTC))
