"""Is there such a picture at all?"""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path
from sqlalchemy.orm import Session

from backend.api.errors import ApiError
from backend.api.schemas import MAX_ID
from backend.api.service import Service
from databases import library
from databases.library import LibraryImage

ImageId = Annotated[int, Path(ge=1, le=MAX_ID)]


def find_image(service: Service, session: Session, image_id: int) -> LibraryImage:
    """A picture of the serving model's task, in use or excluded: whoever takes it back must see it.

    Raises:
        ApiError: `not_found`.
    """
    image = library.find_image(session, image_id, excluded=True)
    if image is None or image.task != service.model.task:
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", f"the library has no picture {image_id}")
    return image
