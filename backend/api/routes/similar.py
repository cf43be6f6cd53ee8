"""Which pictures of the library look like one."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Form, Request
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.api.answering import ask
from backend.api.dependencies import ServiceDep
from backend.api.errors import ApiError, problems
from backend.api.known_images import find_image
from backend.api.people import may_review
from backend.api.presenting import image_out, model_name
from backend.api.schemas import MAX_ID, SimilarImage, SimilarOut
from backend.api.service import Service
from backend.api.similar_query import ANY, SimilarQuery, SimilarQueryDep
from backend.api.uploads import AS_BODY, PictureFile, sent_picture
from backend.gallery import choosing
from databases import embeddings, labelling, library

router = APIRouter(tags=["answers"])

UNUSABLE = problems(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY
)


@dataclass(frozen=True)
class Wanted:
    """What similar pictures are sought of. `embedding`: float32 [embedding_size]."""

    embedding: NDArray[np.float32]
    label: str | None
    sha256: str | None


@router.post(
    "/similar",
    responses=UNUSABLE | problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    openapi_extra=AS_BODY,
)
async def similar(
    service: ServiceDep,
    request: Request,
    query: SimilarQueryDep,
    file: PictureFile = None,
    image_id: Annotated[int | None, Form(ge=1, le=MAX_ID, description="A picture of the library.")] = None,
) -> SimilarOut:
    """Recommend pictures of the library that look most like one and carry the same label.

    The label is the likeliest one for a file, by the name that it has now, even where `/predict` would say
    that it shows no animal, and the library's own for a picture of the library; `label=any` asks for all.
    The picture itself, exact copies and look-alikes of it are left out. Of others that show the same only
    the nearest is told, with how many they are; there are always min(k, available) results. After a
    promotion the model before it answers until as many pictures are embedded under the new one: `model`
    says which did.

    A `text` in place of the picture finds what shows that, where a model of CLIP's serves. Texts are less
    similar to pictures than these to one another: 0.3 is much.
    """
    service = service.recommender
    await to_thread.run_sync(query.check, service)
    data = await sent_picture(request, file)
    if file is None:
        data = data or None  # some clients send an empty body where they have none
    asked = [one for one in (data, image_id, query.image_id, query.text) if one is not None]
    if len(asked) != 1:
        detail = "send either a file, an image_id or a text: one of them, and no more"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail)
    sent = may_review(request, service)
    return await service.turns.run(request, _find_similar, service, asked[0], query, sent)


def _find_similar(service: Service, asked: bytes | int | str, query: SimilarQuery, sent: bool) -> SimilarOut:
    match asked:
        case int():
            wanted = _of_image(service, asked, query, sent=sent)
        case str():
            wanted = _of_text(service, asked)
        case _:
            wanted = _of_file(service, asked)
    among = query.among(wanted.label)
    with service.metrics.stage("search"):
        found = choosing.search(
            service.gallery,
            wanted.embedding,
            among,
            k=query.k,
            without=wanted.sha256,
            diversity=query.diversity,
        )
    with Session(service.reader) as session:
        images = library.find_images(session, [match.image_id for match in found.matches])
    items = [
        SimilarImage(image=image_out(images[match.image_id]), similarity=match.similarity, alike=match.alike)
        for match in found.matches
        if match.image_id in images
    ]
    return SimilarOut(
        label=among.label or ANY, available=found.available, items=items, model=model_name(service)
    )


def _of_file(service: Service, data: bytes) -> Wanted:
    answered, model = ask(service, data), service.model
    with Session(service.reader) as session:
        label = labelling.called_now(session, model.task, answered.answer.likeliest, model.created_at)
    return Wanted(answered.answer.embedding, label, answered.sha256)


def _of_text(service: Service, text: str) -> Wanted:
    encoder = service.predictor.text
    if encoder is None:
        detail = f"{service.model.version} reads no texts, as only CLIP's models do: send a picture"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "no_text_search", detail)
    return Wanted(encoder.encode([text])[0], None, None)


def _of_image(service: Service, image_id: int, query: SimilarQuery, *, sent: bool) -> Wanted:
    """`sent`: as `find_image`."""
    entry = service.gallery.find(image_id)
    if entry is None or entry.label is None:
        with Session(service.reader) as session:
            find_image(service, session, image_id, sent=sent)
            if entry is None:
                raise _not_there(session, service.model.id, image_id)
    if entry.label is None and query.label is None:
        detail = f"picture {image_id} has no label: say one, or label=any"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail)
    return Wanted(entry.vector, entry.label, entry.sha256)


def _not_there(session: Session, model_id: int, image_id: int) -> ApiError:
    if not library.find_images(session, [image_id]):
        why = "it is excluded"
    elif embeddings.is_embedded(session, model_id, image_id):
        why = "its embedding cannot be searched, as it was not written by menagerie"
    else:
        why = "it is not embedded yet, which this does: menagerie index"
    detail = f"the gallery does not have picture {image_id}: {why}"
    return ApiError(HTTPStatus.NOT_FOUND, "not_found", detail)
