"""What is on a picture."""

import time
from http import HTTPStatus

from fastapi import APIRouter, Request

from backend.api.answering import DEFAULT_TOP_K, TopK, answer_picture, prediction_out, record
from backend.api.dependencies import serving_now
from backend.api.errors import SEND_A_PICTURE, ApiError, problems
from backend.api.plain_route import PlainRoute
from backend.api.schemas import PredictionOut
from backend.api.uploads import AS_FORM_OR_BODY, lone_picture

router = APIRouter(tags=["answers"], route_class=PlainRoute)

UNUSABLE = problems(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY
)


@router.post("/predict", responses=UNUSABLE, openapi_extra=AS_FORM_OR_BODY)
async def predict(request: Request, top_k: TopK = DEFAULT_TOP_K) -> PredictionOut:
    """Say what a picture shows, how sure that is, and whether it is an animal at all."""
    started, service = time.perf_counter(), serving_now(request)
    data = await lone_picture(request)
    if data is None:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", SEND_A_PICTURE)
    answered = await service.turns.run(request, answer_picture, service, data)
    return prediction_out(service, answered, record(service, answered, started), top_k)
