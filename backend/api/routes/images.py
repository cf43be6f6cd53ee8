"""The library's pictures. Only paths that the database holds are opened, never one that a client sends."""

import io
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from PIL import Image
from sqlalchemy.orm import Session

from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.errors import ApiError, problems
from backend.api.known_labels import check_label
from backend.api.presenting import image_out
from backend.api.schemas import ImageOut, ImagePage, Split
from backend.api.service import Service
from backend.inference.decoding import decode
from databases import library
from databases.library import LibraryImage
from databases.places import Unreachable

router = APIRouter(tags=["library"], responses=problems(HTTPStatus.NOT_FOUND))

THUMBNAIL_SIDE = 320
MAX_PAGE = 200
MAX_ID = 2**31 - 1
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


@router.get("/images/{image_id}/content", response_class=Response, responses=PICTURE)
def image_content(service: ServiceDep, image_id: ImageId) -> Response:
    """The picture itself, as it lies in the library."""
    image = _find_briefly(service, image_id)
    return Response(_read(image), media_type=MEDIA_TYPES[image.format], headers=_headers(image))


@router.get("/images/{image_id}/thumbnail", response_class=Response, responses=PICTURE)
async def image_thumbnail(service: ServiceDep, request: Request, image_id: ImageId) -> Response:
    """The picture upright, as a JPEG of at most 320 x 320 pixels."""
    known = request.headers.get("if-none-match")
    return await service.turns.run(request, _thumbnail, service, image_id, known)


def _thumbnail(service: Service, image_id: int, known: str | None) -> Response:
    image = _find_briefly(service, image_id)
    headers = _headers(image)
    if known == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    thumbnail = decode(_read(image)).image
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    thumbnail.save(buffer, "JPEG", quality=85)
    return Response(buffer.getvalue(), media_type="image/jpeg", headers=headers)


def _find_briefly(service: Service, image_id: int) -> LibraryImage:
    # Reading and decoding may take long: no connection is held meanwhile.
    with Session(service.reader) as session:
        return _find(service, session, image_id)


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


def _headers(image: LibraryImage) -> dict[str, str]:
    return {
        "ETag": f'"{image.sha256[:32]}"',
        "Cache-Control": "private, max-age=3600",
        "X-Content-Type-Options": "nosniff",
    }
