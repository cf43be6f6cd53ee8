"""Untrusted bytes to an upright picture. All that reads pictures, offline or served, calls this."""

import functools
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from backend.inference import container
from backend.inference.errors import UnreadableImage
from backend.inference.jpeg import UsualJpeg, decode_usual
from backend.inference.jpeg_segments import Segment, WearsOut, read_segments

# Pillow's names. Others that it knows (EPS runs Ghostscript, for one) are never tried on strangers' bytes;
# AVIF and HEIF (HEIC) only on what the container module knows as such.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
FORMAT_NAMES = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"
ON_ITS_SIDE = (5, 6, 7, 8)  # of EXIF's orientations
# Reading a JPEG's bytes takes most of the time, whatever the scale: twice as fine costs a tenth more, and is
# nearer to the whole picture (worst difference of a starter's score on six photographs of 6 to 24 megapixels:
# 0.026, against 0.042).
SPARE = 2
STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"BM", b"II", b"MM")  # of FORMATS
START_BYTES = 16
HIGH_BIT_DEPTHS = ("I", "I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True)
class Limits:
    """What a picture may cost. Both are checked before any pixel is decoded."""

    max_bytes: int = 32 * 2**20
    max_pixels: int = 64_000_000


@dataclass(frozen=True)
class Picture:
    """A decoded picture: `image` is upright, mode RGB, over white where it was transparent.

    `width` and `height`: in pixels, upright, as the file has them; `image` may have been decoded smaller.
    """

    image: Image.Image
    format: str
    width: int
    height: int


@dataclass(frozen=True)
class GreyPicture:
    """A decoded picture without its colours: `pixels` uint8 [rows, columns], the rest as of `Picture`."""

    pixels: NDArray[np.uint8]
    format: str
    width: int
    height: int


DEFAULT_LIMITS = Limits()


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS, *, least: int | None = None) -> Picture:
    """Decodes the first frame of a picture.

    With `least`, a JPEG may come at a half, a quarter or an eighth of its size, as long as neither side falls
    below so many pixels.

    Raises:
        UnreadableImage: `empty_file`, `too_many_bytes`, `unsupported_format`, `too_many_pixels`,
            `truncated_image` or `corrupt_image`.
    """
    segments = _check_work(data, limits)
    usual = decode_usual(data, segments, most_pixels=limits.max_pixels, least=least, spare=SPARE)
    return _upright(data, usual) if usual else _decode_any(data, limits, SPARE * least if least else None)


def decode_grey(data: bytes, limits: Limits = DEFAULT_LIMITS, *, least: int | None = None) -> GreyPicture:
    """Decodes the first frame of a picture as `decode` does, without its colours, which takes less."""
    segments = _check_work(data, limits)
    usual = decode_usual(data, segments, most_pixels=limits.max_pixels, least=least, grey=True)
    if usual and not usual.has_metadata:
        return GreyPicture(usual.pixels, "JPEG", usual.width, usual.height)
    picture = _upright(data, usual) if usual else _decode_any(data, limits, least)
    return GreyPicture(np.asarray(picture.image.convert("L")), picture.format, picture.width, picture.height)


def check_length(length: int, limits: Limits) -> None:
    """Raises UnreadableImage `empty_file` or `too_many_bytes` by a file's length in bytes alone."""
    if not length:
        raise UnreadableImage("empty_file", "the file is empty")
    if length > limits.max_bytes:
        raise UnreadableImage(
            "too_many_bytes",
            f"the file has {length / 2**20:.1f} MiB, at most {limits.max_bytes / 2**20:.0f} are read",
        )


def check_start(start: bytes) -> None:
    """Raises UnreadableImage `unsupported_format` where no picture has the first START_BYTES of a file."""
    if not start.startswith(STARTS) and container.kind_of(start) is None:
        raise _no_picture()


def _check_work(data: bytes, limits: Limits) -> Sequence[Segment]:
    """A JPEG's segments, which tell what work it is."""
    check_length(len(data), limits)
    try:
        return read_segments(data)
    except WearsOut as error:
        raise _unreadable(error) from None


def _no_picture() -> UnreadableImage:
    return UnreadableImage("unsupported_format", f"the file is no {FORMAT_NAMES} picture")


def _upright(data: bytes, usual: UsualJpeg) -> Picture:
    image, size = Image.fromarray(usual.pixels), (usual.width, usual.height)
    if usual.has_metadata:
        with suppress(Exception):  # as in turning it upright
            image.info = Image.open(io.BytesIO(data), formats=("JPEG",)).info
        if _lies_on_its_side(image):
            size = size[::-1]
        _turn_upright(image)
    return Picture(image, "JPEG", *size)


def _decode_any(data: bytes, limits: Limits, least: int | None) -> Picture:
    image = _open(data, limits)
    width, height = _coded_size(image)
    if width * height == 0:  # libheif takes a picture that states no size as large as it comes
        raise _unreadable(ValueError("no size"))
    if width * height > limits.max_pixels:
        raise _too_many_pixels(f"the picture has {width} x {height} pixels", limits)
    # A multi-picture JPEG, as phones write them, is a JPEG with more of them behind it.
    name = "JPEG" if image.format == "MPO" else str(image.format)
    full = image.size
    if least is not None:
        image.draft(None, (least, least))
    if image.size == full:
        upright = _upright_rgb(image)
        return Picture(upright, name, *upright.size)
    if _lies_on_its_side(image):
        full = full[::-1]
    return Picture(_upright_rgb(image), name, *full)


def _open(data: bytes, limits: Limits) -> Image.Image:
    kind = container.kind_of(data)
    if kind and container.most_pixels(data) > limits.max_pixels:
        raise _too_many_pixels("the picture is too large", limits)
    if kind == "HEIF":
        _register_heif()
    try:
        return Image.open(io.BytesIO(data), formats=(kind,) if kind else FORMATS)
    except UnidentifiedImageError as error:
        if kind:
            raise _unreadable(error) from error
        raise _no_picture() from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels("the picture is too large", DEFAULT_LIMITS) from None
    except Exception as error:  # malformed headers make Pillow's readers raise nearly anything
        raise _unreadable(error) from error


@functools.cache
def _register_heif() -> None:
    # It brings an encoder of 23 MB along: loaded where the first such file comes, not at the start. What else
    # such a file may hold besides its picture is not read.
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def _coded_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as decoding takes them: of a HEIC picture put together of tiles, that of all tiles."""
    tiling = image.info.get("tiling") if image.format == "HEIF" else None
    if tiling is None:
        return image.size
    return (
        max(image.width, tiling["image_width"], tiling["num_columns"] * tiling["tile_width"]),
        max(image.height, tiling["image_height"], tiling["num_rows"] * tiling["tile_height"]),
    )


def _upright_rgb(image: Image.Image) -> Image.Image:
    try:
        image.load()
        _turn_upright(image)
        return _to_rgb(image)
    except MemoryError:  # ours, not the picture's
        raise
    except Exception as error:  # so do malformed bodies; a bug of ours would show on sound pictures
        raise _unreadable(error) from error


def _turn_upright(image: Image.Image) -> None:
    # Broken metadata only means that no orientation is known: the pixels are sound.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def _lies_on_its_side(image: Image.Image) -> bool:
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1) in ON_ITS_SIDE
    except Exception:  # noqa: BLE001  as above
        return False


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in HIGH_BIT_DEPTHS:
        return Image.fromarray(_high_byte(image)).convert("RGB")
    if image.mode == "F":
        raise ValueError("floating-point pixels have no defined range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _high_byte(image: Image.Image) -> NDArray[np.uint8]:
    """16-bit grey, uint16 or wider [height, width], as its high byte."""
    pixels = np.asarray(image)
    if pixels.dtype.itemsize > 2:  # mode I: 32 bits that hold 16
        pixels = np.clip(pixels, 0, 0xFFFF)
    return (pixels >> 8).astype(np.uint8)


def _unreadable(error: Exception) -> UnreadableImage:
    text = str(error).lower()
    if "truncated" in text or "end of file" in text or isinstance(error, EOFError):
        return UnreadableImage("truncated_image", "the picture is cut short: part of the file is missing")
    return UnreadableImage("corrupt_image", "the picture is damaged and cannot be decoded")


def _too_many_pixels(found: str, limits: Limits) -> UnreadableImage:
    return UnreadableImage(
        "too_many_pixels", f"{found}, at most {limits.max_pixels / 1e6:.0f} megapixels are decoded"
    )
