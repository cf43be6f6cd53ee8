"""The app factory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.formparsers import MultiPartParser

from backend.api import errors
from backend.api.access import Access
from backend.api.body_limit import BodyLimit
from backend.api.documentation import document
from backend.api.gallery_follower import GalleryFollower
from backend.api.guard import Guard
from backend.api.routes import (
    batch,
    browsing,
    catalogue,
    decisions,
    drift,
    explanations,
    feedback,
    health,
    images,
    me,
    models,
    predictions,
    promotions,
    review,
    similar,
)
from backend.api.service import open_service
from backend.api.settings import Settings
from backend.api.succession import Succession
from backend.api.tracing import open_tracing
from backend.api.turns import RefuseWhenFull

DESCRIPTION = """
Send a picture to `/predict` to learn what it shows, to `/explain` for what on it the answer comes from, and
to `/similar` for pictures of the library that look like it; send many pictures at once, or a zip of them, to
`/predict/batch`.

Errors are `application/problem+json`, with a `code` that does not change.
"""


# FastAPI's spans and logs would tell queries, and what in them was invalid.
NO_TELEMETRY_OF_ITS_OWN = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
# Where a picture is sent to be answered, and nothing else.
PICTURES = frozenset({"/predict", "/explain", "/similar", batch.PATH})
ANYWHERE = errors.problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)


def create_app(settings: Settings) -> FastAPI:
    """An app that is ready to answer: the champion is loaded and checked here.

    Raises:
        DatabaseError, BadBundle, SettingsError: as `open_service` does.
    """
    tracing = open_tracing()
    service = open_service(settings)
    succession = Succession(service)
    follower = GalleryFollower(succession)
    guard = Guard(settings, service.reader)
    recorder = service.recorder  # the service itself goes once another model serves, and its model with it

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        guard.start()
        succession.start()
        follower.start()
        recorder.start()
        yield
        recorder.end()  # first: nothing else is lost where something takes long
        guard.end()
        follower.end()
        succession.end()  # and closes the engines, which nobody uses any more
        if tracing is not None:
            tracing.end()

    app = FastAPIOffline(
        title="Menagerie",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        telemetry=NO_TELEMETRY_OF_ITS_OWN,
    )
    app.state.succession = succession
    MultiPartParser.spool_max_size = (
        settings.max_upload_bytes
    )  # a picture stays in memory: how many do is bounded
    app.add_middleware(BodyLimit, settings=settings, by_path={batch.PATH: settings.max_batch_bytes})
    app.add_middleware(RefuseWhenFull, turns=service.turns, paths=PICTURES)
    guard.install(app)
    # The last that is added is the outermost.
    app.add_middleware(Access, metrics=service.metrics, routes=app.routes, tracing=tracing)
    errors.install(app)
    asking = (predictions, explanations, similar, batch, feedback)
    known = (browsing, images, catalogue, models, promotions, drift)
    for routes in (*asking, *known, review, decisions, me, health):
        app.include_router(routes.router, responses=ANYWHERE)
    document(app)
    return app
