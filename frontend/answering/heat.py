"""What speaks for a label, laid over the picture."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frontend.answering.answers import Box, Explanation

# Of "inferno" (van der Walt and Smith 2015, in the public domain), at even distances: it grows lighter as
# evenly as the numbers grow, so that what looks twice as hot is, also to those who see no colours.
PALETTE = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))
COVER = (0.35, 0.75)  # how much of the picture is covered where there is no heat, and where it is greatest
UNSEEN = 0.5  # how much of its light the part keeps that the model did not see
QUALITY = 85


def overlay(preview: bytes, explanation: Explanation) -> bytes:
    """A JPEG of `preview`, the picture upright, under the heat. What the model did not see is dimmed."""
    with Image.open(io.BytesIO(preview)) as image:
        pixels = np.asarray(image.convert("RGB"), np.float32)
    shown = _dim(pixels)
    seen = _pixels(explanation.box, pixels)
    part = pixels[seen]
    heat = _stretched(explanation, part.shape[1], part.shape[0])[..., None]
    cover = COVER[0] + (COVER[1] - COVER[0]) * heat
    shown[seen] = (1 - cover) * part + cover * colours(heat[..., 0])
    out = io.BytesIO()
    Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def colours(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 [..., 3], 0 to 255, of `heat`, 0 to 1."""
    stops = np.linspace(0, 1, len(PALETTE))
    channels = np.asarray(PALETTE, np.float32).T
    return np.stack([np.interp(heat, stops, channel) for channel in channels], axis=-1).astype(np.float32)


def _dim(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    grey = pixels.mean(axis=-1, keepdims=True)
    return np.repeat(UNSEEN * grey, 3, axis=-1)


def _pixels(box: Box, pixels: NDArray[np.float32]) -> tuple[slice, slice]:
    """Rows and columns of `box`: at least one of each, whatever the box."""
    rows, columns = pixels.shape[:2]
    return _span(box.top, box.bottom, rows), _span(box.left, box.right, columns)


def _span(first: float, last: float, size: int) -> slice:
    start = min(max(round(first * size), 0), size - 1)
    return slice(start, min(max(round(last * size), start + 1), size))


def _stretched(explanation: Explanation, width: int, height: int) -> NDArray[np.float32]:
    """The heat for each pixel, float32 [height, width]."""
    small = Image.fromarray(np.asarray(explanation.heat, np.float32))
    large = small.resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(large, np.float32), 0, 1)
