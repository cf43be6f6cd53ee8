"""A hash of what a picture looks like, which withstands scaling, re-encoding and other brightness.

The signs of the low frequencies of a small grey version, as pHash has them (Zauner, "Implementation and
Benchmarking of Perceptual Image Hash Functions", 2010). Signs about zero rather than about the median: a
mirrored or turned picture then has the same frequencies, some with the other sign, so that its hash follows
from the hash alone (as in Facebook's PDQ, 2019).
"""

import functools

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64  # pixels of the small version
FREQUENCIES = 16  # in either direction
BITS = FREQUENCIES**2
# Grey levels, root mean square over the pixels, that the low frequencies of a picture of nothing come to: its
# signs would be noise.
FLAT = 2.0


def perceptual_hash(grey: NDArray[np.uint8]) -> str | None:
    """256 bits as hex of a picture's grey levels [rows, columns]; None for one even tone."""
    small = _reduced(grey).astype(np.float32)
    frequencies = _cosines(small.shape[0]) @ small @ _cosines(small.shape[1]).T
    shown = frequencies.ravel()[1:]  # the first is the mean
    if shown @ shown < (FLAT * SIDE) ** 2:
        return None
    return np.packbits(frequencies > 0).tobytes().hex()


def to_bits(hashes: list[str]) -> NDArray[np.bool_]:
    """Hashes as bool [n, 256]."""
    packed = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(len(hashes), BITS // 8)
    return np.unpackbits(packed, axis=1).astype(bool)


def turned_and_mirrored(bits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The hashes bool [8, n, 256] that pictures with `bits` [n, 256] have in each of their eight positions,
    as they are first."""
    upright = bits.reshape(-1, FREQUENCIES, FREQUENCIES)
    odd = np.arange(FREQUENCIES) % 2 == 1
    positions = [
        grid ^ (odd & across) ^ (odd & down)[:, None]
        for grid in (upright, upright.transpose(0, 2, 1))
        for across in (False, True)
        for down in (False, True)
    ]
    return np.stack(positions).reshape(8, len(bits), BITS)


def _reduced(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each side at most 255 pixels, averaged by whole ones, and at least 128 if it was: fewer to multiply."""
    height, width = grey.shape
    factors = max(1, width // (2 * SIDE)), max(1, height // (2 * SIDE))
    return grey if factors == (1, 1) else np.asarray(Image.fromarray(grey).reduce(factors))


@functools.lru_cache(4 * SIDE)
def _cosines(pixels: int) -> NDArray[np.float32]:
    """What takes a side of so many pixels to the low frequencies of the small version, whose pixels are the
    means of what they cover: float32 [16, pixels].
    """
    from scipy.fft import dct  # half a second, of every command that imports this

    edges = np.linspace(0, pixels, SIDE + 1)
    begin, end = edges[:-1, None], edges[1:, None]
    at = np.arange(pixels)
    covered = np.clip(np.minimum(end, at + 1) - np.maximum(begin, at), 0, 1) * (SIDE / pixels)
    return np.asarray(dct(np.eye(SIDE), axis=0, norm="ortho")[:FREQUENCIES] @ covered, np.float32)
