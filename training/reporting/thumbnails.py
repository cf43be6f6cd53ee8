"""Pictures small enough to lie inside a page."""

import base64
import io

from PIL import Image

from backend.inference.decoding import decode
from backend.inference.errors import UnreadableImage
from databases.places import Place

SIDE, QUALITY = 176, 78


def thumbnail(place: Place) -> str | None:
    """A picture's middle square, as a data: address of a JPEG; None where it cannot be read any more."""
    try:
        image = decode(place.read_bytes()).image
    except (OSError, UnreadableImage):
        return None
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    small = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
