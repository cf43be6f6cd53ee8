"""Small pictures: made once, and kept as files for the next time."""

import io
import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from PIL import Image

from backend.inference.decoding import decode

log = logging.getLogger(__name__)

SIDE = 320
MEDIA_TYPE = "image/jpeg"
BEGIN, END = b"\xff\xd8", b"\xff\xd9"  # of a JPEG (ITU-T T.81, B.1.1.3)


def make_thumbnail(data: bytes) -> bytes:
    """A picture upright, as a JPEG of at most 320 x 320 pixels.

    Raises:
        UnreadableImage: as `decode` does.
    """
    image = decode(data, least=SIDE).image
    image.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


class Thumbnails:
    """Keeps thumbnails below `folder` by the SHA-256 of the picture, which several processes may do at once.

    Where nothing can be written they are made each time; the log tells of it once. They may be deleted
    whenever one likes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = False

    def find(self, sha256: str) -> bytes | None:
        """The thumbnail of a picture; None where there is none, or one that a crash left incomplete."""
        try:
            data = self._path(sha256).read_bytes()
        except OSError:
            return None
        return data if data.startswith(BEGIN) and data.endswith(END) else None

    def keep(self, sha256: str, thumbnail: bytes) -> None:
        path = self._path(sha256)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, thumbnail)
        except OSError as error:
            if not self._told:
                self._told = True
                log.warning(
                    "thumbnails are not kept, and made each time: MENAGERIE_THUMBNAILS=%s: %s",
                    self._folder,
                    error.strerror,
                )

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}-{SIDE}.jpg"


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing: who reads meanwhile finds what was there before."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise
