"""What is on each of many pictures."""

from http import HTTPStatus

from fastapi import APIRouter, Request

from backend.api.answering import DEFAULT_TOP_K, TopK
from backend.api.batch import Batch
from backend.api.batch_upload import AS_BATCH, sent_pictures
from backend.api.dependencies import ServiceDep
from backend.api.errors import problems
from backend.api.presenting import model_name
from backend.api.rate_limit import charge
from backend.api.schemas import BatchOut

router = APIRouter(tags=["answers"])

PATH = "/predict/batch"
UNUSABLE = problems(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY
)


@router.post(PATH, responses=UNUSABLE, openapi_extra=AS_BATCH)
async def predict_batch(service: ServiceDep, request: Request, top_k: TopK = DEFAULT_TOP_K) -> BatchOut:
    """Say of each of many pictures what `/predict` says of one.

    The answers come in the order sent, all by one model. A picture that cannot be used has an `error` in
    place of its `prediction`, and the others are answered all the same. A zip's folders, hidden files and
    `__MACOSX` are left out; a zip in a zip is an `error`.
    """
    async with sent_pictures(request, service.settings) as pictures:
        charge(request, len(pictures))
        if refusal := service.turns.refusal():
            raise refusal
        items = await Batch(service, request, top_k).answer(pictures)
    return BatchOut(model=model_name(service), items=items)
