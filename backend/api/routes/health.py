"""Is the process alive, and can it answer?"""

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from backend.api.dependencies import ServiceDep, SuccessionDep
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


@router.get("/readyz")
async def readyz(service: ServiceDep, succession: SuccessionDep) -> Readiness:
    """The model is loaded and checked, so that pictures are answered; `database` tells whether that answers.

    A database that is away makes nobody unready: it is away for all replicas at once, and a balancer that
    turned from them all would take down what goes on without one. Nothing is asked of it here, so that one
    that hangs does not keep a probe waiting.
    """
    return Readiness(
        status="ready",
        model=model_name(service),
        gallery=len(service.recommender.gallery),
        database="ok" if succession.database_answers else "unavailable",
    )
