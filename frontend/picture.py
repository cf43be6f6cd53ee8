"""The picture that a visitor asks about, as bytes, and as it can be shown."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

# The API's, but for HEIC, which needs a package that the page does without. Pillow knows others (EPS runs
# Ghostscript, for one) that strangers' bytes must not reach.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
MAX_PIXELS = 64_000_000
# Twice the widest box it is shown in, for dense screens.
PREVIEW_SIDE = 1200


@dataclass(frozen=True)
class Picture:
    """`data` is the file as it came, decodable or not; `image_id` is set if the library holds it."""

    name: str
    data: bytes
    image_id: int | None = None


def preview(data: bytes, side: int = PREVIEW_SIDE) -> bytes | None:
    """The picture upright, over white, at most `side` pixels wide and high, as a JPEG; None if it cannot be
    shown.

    Whether it can be answered is for the API to say: it may read what this cannot.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            return _jpeg(_small(image, side))
    except Exception:  # noqa: BLE001  malformed files make Pillow's readers raise nearly anything
        return None


def _small(image: Image.Image, side: int) -> Image.Image:
    # Lets JPEG decode at a fraction of its size, which is what makes 24 megapixels quick.
    image.draft(None, (side, side))
    # Before the pixels are converted: the new picture would no longer know how it was taken.
    small = _over_white(_upright(image))
    small.thumbnail((side, side))
    return small


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  the pixels may be sound: as the API does, take them as they lie
        return image


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16-bit grey: Pillow would clip it to white instead of scaling it.
        return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()
