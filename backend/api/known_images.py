"""Is there such a picture at all?"""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path
from sqlalchemy.orm import Session

from backend.api.errors import ApiError
from backend.api.schemas import MAX_ID
from backend.api.service import Service
from databases import kept, library
from databases.library import LibraryImage

ImageId = Annotated[int, Path(ge=1, le=MAX_ID)]


def find_image(service: Service, session: Session, image_id: int, *, sent: bool) -> LibraryImage:
    """A picture of the serving model's task, in use or excluded: whoever takes it back must see it.

    `sent`: one too that somebody sent and of which nobody has said yet what it shows. For who may not see
    these there is no such picture: ids can be counted up.

    Raises:
        ApiError: `not_found`.
    """
    image = library.find_image(session, image_id, excluded=True)
    hidden = image is not None and not sent and kept.waits(image)
    if image is None or hidden or image.task != service.model.task:
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", f"the library has no picture {image_id}")
    return image
