"""What is on a picture, and which pictures look like it."""

import time
from http import HTTPStatus
from typing import Annotated

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Form, Query, Request
from sqlalchemy.orm import Session

from backend.api.answering import DEFAULT_TOP_K, MAX_K, TopK, answer_picture, prediction_out, record
from backend.api.dependencies import ServiceDep
from backend.api.errors import SEND_A_PICTURE, ApiError, problems
from backend.api.known_labels import check_label
from backend.api.presenting import image_out, model_name
from backend.api.schemas import PredictionOut, SimilarImage, SimilarOut
from backend.api.service import Service
from backend.api.uploads import AS_BODY, PictureFile, sent_picture
from backend.gallery import Entry
from databases import library

router = APIRouter(tags=["answers"])

DEFAULT_SIMILAR = 12
UNUSABLE = problems(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY
)


@router.post("/predict", responses=UNUSABLE, openapi_extra=AS_BODY)
async def predict(
    service: ServiceDep,
    request: Request,
    file: PictureFile = None,
    top_k: TopK = DEFAULT_TOP_K,
) -> PredictionOut:
    """Say what a picture shows, how sure that is, and whether it is an animal at all."""
    started = time.perf_counter()
    data = await sent_picture(request, file)
    if data is None:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", SEND_A_PICTURE)
    answered = await service.turns.run(request, answer_picture, service, data)
    return prediction_out(service, answered.answer, record(service, answered, started), top_k)


@router.post("/similar", responses=UNUSABLE | problems(HTTPStatus.NOT_FOUND), openapi_extra=AS_BODY)
async def similar(
    service: ServiceDep,
    request: Request,
    file: PictureFile = None,
    image_id: Annotated[int | None, Form(description="A picture of the library.")] = None,
    id_in_query: Annotated[
        int | None, Query(alias="image_id", description="The same, for those who send no form.")
    ] = None,
    label: Annotated[str | None, Query(description="Default: what the picture shows.")] = None,
    k: Annotated[int, Query(ge=1, le=MAX_K, description="How many pictures.")] = DEFAULT_SIMILAR,
) -> SimilarOut:
    """Recommend pictures of the library that look most like one and carry the same label.

    The label is the likeliest one for a file, even where `/predict` would say that it shows no animal,
    and the library's own for a picture of the library. The picture itself and exact copies of it are
    left out; there are always min(k, available) results.
    """
    if label is not None:
        await to_thread.run_sync(_check_label, service, label)
    data = await sent_picture(request, file)
    if file is None:
        data = data or None  # some clients send an empty body where they have none
    asked = [one for one in (data, image_id, id_in_query) if one is not None]
    if len(asked) != 1:
        detail = "send either a file or an image_id: one of them, and not both"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail)
    search = _similar_to_image if isinstance(asked[0], int) else _similar_to_file
    return await service.turns.run(request, search, service, asked[0], label, k)


def _check_label(service: Service, label: str) -> None:
    with Session(service.reader) as session:
        check_label(service, session, label)


def _similar_to_file(service: Service, data: bytes, label: str | None, k: int) -> SimilarOut:
    answered = answer_picture(service, data)
    likeliest, vector = answered.answer.likeliest, answered.answer.embedding.astype("<f4").tobytes()
    query = Entry(image_id=0, label=likeliest, sha256=answered.sha256, vector=vector)
    return _search(service, query, label or likeliest, k)


def _similar_to_image(service: Service, image_id: int, label: str | None, k: int) -> SimilarOut:
    query = service.gallery().find(image_id)
    if query is None:
        detail = f"the gallery has no picture {image_id}; a new one is added by: menagerie index"
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", detail)
    label = label or query.label
    if label is None:
        detail = f"picture {image_id} has no label: say one"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail)
    return _search(service, query, label, k)


def _search(service: Service, query: Entry, label: str, k: int) -> SimilarOut:
    embedding = np.frombuffer(query.vector, "<f4")
    found = service.gallery().search(embedding, label, without=query.sha256, k=k)
    with Session(service.reader) as session:
        images = library.find_images(session, [match.image_id for match in found.matches])
    items = [
        SimilarImage(image=image_out(images[match.image_id]), similarity=match.similarity)
        for match in found.matches
        if match.image_id in images
    ]
    return SimilarOut(label=label, available=found.available, items=items, model=model_name(service))
