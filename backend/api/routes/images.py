"""The library's pictures themselves. Only paths that the database holds are opened, never one that a client
sends."""

import hashlib
from http import HTTPStatus
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from backend.api import thumbnails
from backend.api.dependencies import ServiceDep
from backend.api.entity_tags import caching, has_already, not_modified
from backend.api.errors import problems
from backend.api.known_images import ImageId, find_image
from backend.api.people import may_review
from backend.api.picture_files import read_picture
from backend.api.service import Service
from databases.library import LibraryImage

router = APIRouter(tags=["library"], responses=problems(HTTPStatus.NOT_FOUND))

MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "HEIF": "image/heif",
}
# Where another file took the picture's place: it is shown until the next ingest, but nobody keeps it.
CHANGED = {"Cache-Control": "no-store"}
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {}}}}


def get_image(service: ServiceDep, request: Request, image_id: ImageId) -> LibraryImage:
    # Reading and decoding may take long: no connection is held meanwhile.
    with Session(service.reader) as session:
        return find_image(service, session, image_id, sent=may_review(request, service))


ImageDep = Annotated[LibraryImage, Depends(get_image)]


@router.head("/images/{image_id}/content", include_in_schema=False)
@router.get("/images/{image_id}/content", response_class=Response, responses=PICTURE)
def image_content(request: Request, image: ImageDep) -> Response:
    """The picture itself, as it lies in the library."""
    tag = image.sha256[:32]
    if has_already(request, tag):
        return not_modified(tag)
    data = read_picture(image)
    headers = caching(tag) if _is_known(data, image) else CHANGED
    return Response(data, media_type=MEDIA_TYPES[image.format], headers=headers)


@router.head("/images/{image_id}/thumbnail", include_in_schema=False)
@router.get("/images/{image_id}/thumbnail", response_class=Response, responses=PICTURE)
async def image_thumbnail(service: ServiceDep, request: Request, image: ImageDep) -> Response:
    """The picture upright, as a JPEG of at most 320 x 320 pixels."""
    tag = _thumbnail_tag(image)
    if has_already(request, tag):
        return not_modified(tag)
    kept = await to_thread.run_sync(service.thumbnails.find, image.sha256)
    if kept is not None:
        return Response(kept, media_type=thumbnails.MEDIA_TYPE, headers=caching(tag))
    return await service.turns.run(request, _make_thumbnail, service, image)


def _make_thumbnail(service: Service, image: LibraryImage) -> Response:
    data, headers = read_picture(image), CHANGED
    thumbnail = thumbnails.make_thumbnail(data)
    if _is_known(data, image):
        service.thumbnails.keep(image.sha256, thumbnail)
        headers = caching(_thumbnail_tag(image))
    return Response(thumbnail, media_type=thumbnails.MEDIA_TYPE, headers=headers)


def _thumbnail_tag(image: LibraryImage) -> str:
    return f"{image.sha256[:32]}-{thumbnails.SIDE}"


def _is_known(data: bytes, image: LibraryImage) -> bool:
    return hashlib.sha256(data).hexdigest() == image.sha256
