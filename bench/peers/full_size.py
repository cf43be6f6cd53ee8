"""Our own server, but for one thing: every picture is decoded by Pillow, in its full size.

DATABASE_URL=... MENAGERIE_BUNDLES=... python -m bench.peers.full_size
"""

from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from backend.api import answering
from backend.api.__main__ import main
from backend.inference.decoding import Picture


def decode(data: bytes, *_: Any, **__: Any) -> Picture:
    """As most do it."""
    image = ImageOps.exif_transpose(Image.open(BytesIO(data)).convert("RGB"))
    return Picture(image, "JPEG", *image.size)


if __name__ == "__main__":
    answering.decode = decode  # type: ignore[attr-defined]
    main()
