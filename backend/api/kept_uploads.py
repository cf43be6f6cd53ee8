"""Pictures that people let the service keep, in a folder a task or at a URL, by what they hold. A file tells
neither what it was called nor who sent it; the report that it came with tells who."""

import hashlib
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from sqlalchemy.orm import Session

from backend.api.errors import ApiError
from backend.api.service import Service
from backend.inference.decoding import decode_grey
from databases import kept, library
from databases.errors import RootConflict
from databases.feedback import Predicted
from databases.labelling import lock_labels
from databases.places import Place, RemoteFile, suffix_of

log = logging.getLogger(__name__)

NO_LIBRARY = "the model that answered learns from no library, so no picture is kept for it"
NO_ROOM = "there is no more room for pictures that people send"
ELSEWHERE = "the pictures that people sent before lie in another folder now"
NOT_WRITABLE = "where pictures lie that people send, nothing can be written now"


@dataclass(frozen=True)
class Sent:
    """A picture that was sent to be kept, known to be one. Width and height are in pixels, upright."""

    data: bytes
    sha256: str
    format: str
    width: int
    height: int

    @property
    def file_name(self) -> str:
        return f"{self.sha256}.{suffix_of(self.format)}"


@dataclass(frozen=True)
class Kept:
    """`image_id`: the library's picture; None where it has none, and `reason` tells why."""

    image_id: int | None
    reason: str | None = None


def examine(service: Service, data: bytes, predicted: Predicted) -> Sent:
    """What was sent, if it is the picture that was asked about.

    Raises:
        ApiError: `other_picture`.
        UnreadableImage: as `decode` does.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != predicted.sha256:
        detail = "this is not the picture that the prediction was about: not one byte of it may differ"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "other_picture", detail)
    picture = decode_grey(data, service.limits)
    return Sent(data, sha256, picture.format, picture.width, picture.height)


def keep(service: Service, session: Session, sent: Sent, task: str) -> Kept:
    """Writes a picture to the task's folder and into its library, unless it is there already."""
    lock_labels(session, task)
    known = kept.find(session, task, sent.sha256)
    if known is not None:
        return Kept(known)
    if not library.root_names(session, task):
        return Kept(None, NO_LIBRARY)
    folder = _resolved(service.settings.uploads)
    if kept.total_bytes(session, str(folder)) + len(sent.data) > service.settings.max_kept_bytes:
        return Kept(None, NO_ROOM)
    try:
        with _written(folder / task / sent.file_name, sent.data) as written:
            row = {
                "uri": sent.file_name,
                "file_name": sent.file_name,
                "bytes": len(sent.data),
                "modified_ns": written.stat().st_mtime_ns,
                "width": sent.width,
                "height": sent.height,
                "aspect_ratio": sent.width / sent.height,
                "format": sent.format,
                "sha256": sent.sha256,
            }
            return Kept(kept.add(session, task, str(folder / task), row))
    except RootConflict as error:
        return _not_kept(ELSEWHERE, error)
    except OSError as error:
        return _not_kept(NOT_WRITABLE, error)


def _resolved(folder: Place) -> Place:
    return folder.resolve() if isinstance(folder, Path) else folder


@contextmanager
def _written(target: Place, data: bytes) -> Iterator[Place]:
    """A file beside `target`, which takes its name as the block ends, and is gone if the block fails. At a
    URL it has its name at once, and where the block fails it stays, though no row tells of it."""
    if isinstance(target, RemoteFile):
        target.write_bytes(data)
        yield target
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        draft.write_bytes(data)
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _not_kept(reason: str, error: Exception) -> Kept:
    log.warning("a picture was not kept: %s", error)
    return Kept(None, reason)
