"""Is the process alive, and can it answer?"""

from http import HTTPStatus

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text

from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.errors import problems
from backend.api.presenting import model_name
from backend.api.schemas import Health, Readiness

router = APIRouter(tags=["health"])

# Of their own: metrics are told where every other thread waits for the database, too.
SCRAPES = CapacityLimiter(1)


@router.get("/livez")
async def livez() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(service: ServiceDep) -> Response:
    """What Prometheus collects: requests, stages, answers, what waits."""
    told = await to_thread.run_sync(service.metrics.as_text, limiter=SCRAPES)
    return Response(told, media_type=CONTENT_TYPE_LATEST)


@router.get("/readyz", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
def readyz(service: ServiceDep, session: SessionDep) -> Readiness:
    """The model is loaded and checked, and the database answers."""
    session.execute(text("SELECT 1"))
    return Readiness(status="ready", model=model_name(service), gallery=len(service.recommender.gallery))
