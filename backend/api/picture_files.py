"""The files of the library's pictures. Only paths that the database holds are opened, never one that a client
sends."""

from http import HTTPStatus

from backend.api.errors import ApiError
from databases.library import LibraryImage
from databases.places import Unreachable


def read_picture(image: LibraryImage) -> bytes:
    """The bytes of a picture.

    Raises:
        ApiError: `file_missing`, or `storage_unavailable` where nothing answers.
    """
    try:
        return image.place.read_bytes()
    except Unreachable:
        detail = f"picture {image.id} lies where nothing answers now"
        raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "storage_unavailable", detail) from None
    except OSError:
        detail = f"picture {image.id} is no longer where the library knew it"
        raise ApiError(HTTPStatus.NOT_FOUND, "file_missing", detail) from None
