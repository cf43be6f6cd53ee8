"""Pictures small enough to lie inside a page."""

import base64
import hashlib
import io
from dataclasses import dataclass

from PIL import Image

from backend.inference.decoding import decode
from backend.inference.errors import UnreadableImage
from databases.places import Place

SIDE, QUALITY = 176, 78


@dataclass(frozen=True)
class Thumbnail:
    """A picture's middle square. `address`: a data: address of a JPEG. `sha256`: of the file that it was made
    of, by which a page is found again that shows what somebody wants to be deleted."""

    address: str
    sha256: str


def thumbnail(place: Place) -> Thumbnail | None:
    """None where the picture cannot be read any more."""
    try:
        data = place.read_bytes()
        image = decode(data).image
    except (OSError, UnreadableImage):
        return None
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    small = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    address = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    return Thumbnail(address, hashlib.sha256(data).hexdigest())
