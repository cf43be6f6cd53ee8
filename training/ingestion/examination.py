"""One file, read whole: what it is, and whether the service could use it."""

import hashlib
import os
import stat
from dataclasses import dataclass

from backend.inference.decoding import DEFAULT_LIMITS, decode_grey
from backend.inference.errors import UnreadableImage
from databases.places import Place, Unreachable
from training.duplicates.perceptual_hash import perceptual_hash
from training.ingestion.store import Store

UNREADABLE_FILE = "unreadable_file"
MINIATURE = 128  # pixels of the shorter side, at least, that are enough for a perceptual hash


@dataclass(frozen=True)
class Findings:
    """What was found in one file. `reason` is a stable code where it is no usable picture, else None."""

    bytes: int
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    aspect_ratio: float | None = None
    format: str | None = None
    perceptual_hash: str | None = None
    reason: str | None = None


def examine(path: Place, store: Store | None = None) -> Findings:
    """Decodes a file in full, with the decoder that the service uses. A usable picture is copied to `store`.

    Raises:
        OSError: the store cannot be written, or what the file lies in does not answer.
    """
    try:
        status = path.stat()
        if isinstance(status, os.stat_result) and not stat.S_ISREG(status.st_mode):
            return Findings(bytes=0, reason=UNREADABLE_FILE)  # a pipe would be waited for without end
        if status.st_size > DEFAULT_LIMITS.max_bytes:
            return Findings(bytes=status.st_size, reason="too_many_bytes")
        data = path.read_bytes()
    except Unreachable:  # says nothing about the file
        raise
    except OSError:
        return Findings(bytes=0, reason=UNREADABLE_FILE)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        picture = decode_grey(data, least=MINIATURE)
    except UnreadableImage as error:
        return Findings(bytes=len(data), sha256=sha256, reason=error.code)
    if store is not None:
        store.keep(data, sha256, picture.format)
    return Findings(
        bytes=len(data),
        sha256=sha256,
        width=picture.width,
        height=picture.height,
        aspect_ratio=picture.width / picture.height,
        format=picture.format,
        perceptual_hash=perceptual_hash(picture.pixels),
    )
