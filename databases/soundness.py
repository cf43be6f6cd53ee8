"""What an embedding may be: nearness is told by products of its numbers, which is right at length 1 alone."""

import numpy as np
from numpy.typing import NDArray

# By so much a length may be off 1: networks compute in single precision, or less.
OFF = 1e-3


def are_sound(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which [n] of float32 [n, embedding_size] are of Euclidean length 1; or 0, which has no direction, and
    is what a network answers that found nothing in a picture."""
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        sound: NDArray[np.bool_] = (np.abs(lengths - 1) <= OFF) | ~vectors.any(axis=1)
    return sound


def is_sound(vector: bytes) -> bool:
    """As `are_sound`, of little-endian float32 [embedding_size]."""
    if not vector or len(vector) % 4:
        return False
    return bool(are_sound(np.frombuffer(vector, "<f4")[None])[0])
