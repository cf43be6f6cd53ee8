"""The library's pictures. Only paths that the database holds are opened, never one that a client sends."""

import hashlib
from http import HTTPStatus
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from backend.api import thumbnails
from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.entity_tags import caching, has_already, not_modified
from backend.api.errors import ApiError, problems
from backend.api.known_labels import check_label
from backend.api.presenting import image_out
from backend.api.schemas import MAX_ID, ImageOut, ImagePage, Split
from backend.api.service import Service
from databases import library
from databases.library import LibraryImage
from databases.places import Unreachable

router = APIRouter(tags=["library"], responses=problems(HTTPStatus.NOT_FOUND))

MAX_PAGE = 200
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
ImageId = Annotated[int, Path(ge=1, le=MAX_ID)]
# Where another file took the picture's place: it is shown until the next ingest, but nobody keeps it.
CHANGED = {"Cache-Control": "no-store"}
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {}}}}


@router.get("/images")
def list_images(
    service: ServiceDep,
    session: SessionDep,
    label: Annotated[str | None, Query(description="Only pictures with this label.")] = None,
    split: Annotated[Split | None, Query(description="Only pictures of this split.")] = None,
    after: Annotated[int, Query(ge=0, le=MAX_ID, description="Where the page before ended.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> ImagePage:
    """List the pictures of the serving model's task, by id."""
    if label is not None:
        check_label(service, session, label)
    task = service.model.task
    found = library.list_images(session, task=task, label=label, split=split, after=after, limit=limit + 1)
    total = library.count_images(session, task=task, label=label, split=split)
    items = [image_out(image) for image in found[:limit]]
    return ImagePage(total=total, items=items, next_after=items[-1].id if len(found) > limit else None)


@router.get("/images/{image_id}")
def show_image(service: ServiceDep, session: SessionDep, image_id: ImageId) -> ImageOut:
    """Tell what is known of a picture of the serving model's task."""
    return image_out(_find(service, session, image_id))


def get_image(service: ServiceDep, image_id: ImageId) -> LibraryImage:
    # Reading and decoding may take long: no connection is held meanwhile.
    with Session(service.reader) as session:
        return _find(service, session, image_id)


ImageDep = Annotated[LibraryImage, Depends(get_image)]


@router.head("/images/{image_id}/content", include_in_schema=False)
@router.get("/images/{image_id}/content", response_class=Response, responses=PICTURE)
def image_content(request: Request, image: ImageDep) -> Response:
    """The picture itself, as it lies in the library."""
    tag = image.sha256[:32]
    if has_already(request, tag):
        return not_modified(tag)
    data = _read(image)
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
    data, headers = _read(image), CHANGED
    thumbnail = thumbnails.make_thumbnail(data)
    if _is_known(data, image):
        service.thumbnails.keep(image.sha256, thumbnail)
        headers = caching(_thumbnail_tag(image))
    return Response(thumbnail, media_type=thumbnails.MEDIA_TYPE, headers=headers)


def _thumbnail_tag(image: LibraryImage) -> str:
    return f"{image.sha256[:32]}-{thumbnails.SIDE}"


def _is_known(data: bytes, image: LibraryImage) -> bool:
    return hashlib.sha256(data).hexdigest() == image.sha256


def _find(service: Service, session: Session, image_id: int) -> LibraryImage:
    image = library.find_image(session, image_id)
    if image is None or image.task != service.model.task:
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", f"the library has no picture {image_id}")
    return image


def _read(image: LibraryImage) -> bytes:
    try:
        return image.place.read_bytes()
    except Unreachable:
        detail = f"picture {image.id} lies where nothing answers now"
        raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "storage_unavailable", detail) from None
    except OSError:
        detail = f"picture {image.id} is no longer where the library knew it"
        raise ApiError(HTTPStatus.NOT_FOUND, "file_missing", detail) from None
