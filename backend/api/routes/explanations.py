"""What on a picture an answer comes from."""

from http import HTTPStatus
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Query, Request

from backend.api.dependencies import ServiceDep
from backend.api.errors import ApiError, problems
from backend.api.explanation_schemas import BoxOut, ExplanationOut
from backend.api.picture_files import read_picture
from backend.api.presenting import model_name
from backend.api.routes.images import get_image
from backend.api.schemas import MAX_ID
from backend.api.service import Service
from backend.api.uploads import AS_BODY, PictureFile, sent_picture
from backend.inference.decoding import decode
from databases.library import LibraryImage

router = APIRouter(tags=["answers"])

DIGITS = 4  # of heat: more than any eye sees

FAILURES = problems(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


@router.post("/explain", responses=FAILURES, openapi_extra=AS_BODY)
async def explain(
    service: ServiceDep,
    request: Request,
    file: PictureFile = None,
    image_id: Annotated[int | None, Form(ge=1, le=MAX_ID, description="A picture of the library.")] = None,
    label: Annotated[str | None, Query(description="Default: what the picture most likely shows.")] = None,
) -> ExplanationOut:
    """Show where on a picture the model sees what speaks for a label.

    The places of the picture and a constant add up to the label's score before it is turned into a
    probability, by class activation maps; only what speaks for the label is told. It shows what the model
    looked at, not that it is right. Models that cannot tell answer `no_explanation`; `explains` of
    `GET /models` says so beforehand.
    """
    _check(service, label)
    data = await sent_picture(request, file)
    if file is None:
        data = data or None  # some clients send an empty body where they have none
    if (data is None) == (image_id is None):
        detail = "send either a file or an image_id: one of them, and no more"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail)
    picture = data if image_id is None else await to_thread.run_sync(get_image, service, request, image_id)
    return await service.turns.run(request, _explain, service, picture, label)


def _check(service: Service, label: str | None) -> None:
    """What can be refused before the picture is looked at."""
    if not service.predictor.explains:
        detail = f"{service.model.version} cannot tell what its answers come from"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "no_explanation", detail)
    if label is not None and label not in service.predictor.manifest.labels:
        detail = f"{service.model.version} knows no label {label!r}; those it knows are listed at GET /labels"
        raise ApiError(HTTPStatus.NOT_FOUND, "unknown_label", detail)


def _explain(service: Service, picture: bytes | LibraryImage, label: str | None) -> ExplanationOut:
    data = picture if isinstance(picture, bytes) else read_picture(picture)
    predictor = service.predictor
    with service.metrics.stage("decode"):
        image = decode(data, service.limits, least=predictor.manifest.preprocessing.least).image
    with service.metrics.stage("infer"):
        explained = predictor.explain(image, label)
    return ExplanationOut(
        label=explained.label,
        heat=explained.heat.astype(float).round(DIGITS).tolist(),
        box=BoxOut(**explained.box._asdict()),
        model=model_name(service),
    )
