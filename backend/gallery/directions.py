"""The leading principal directions of embeddings: in them most of what tells pictures apart is left, in far
fewer numbers."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SAMPLE, SEED = 16_384, 0

Vectors = Callable[[NDArray[np.int64]], NDArray[np.float32]]


def principal(vectors: Vectors, count: int, directions: int) -> NDArray[np.float32]:
    """As many directions float32 [directions, embedding_size], at right angles and of length 1, or all there
    are, the leading one first: of `count` vectors, which `vectors` gives by their numbers as float32 [rows,
    embedding_size]. The mean is left in: it is a part of each cosine."""
    random = np.random.default_rng(SEED)
    sample = vectors(np.sort(random.choice(count, min(count, SAMPLE), replace=False)))
    _, found = np.linalg.eigh(sample.T @ sample)  # from the least to the leading one
    return np.ascontiguousarray(found[:, : -directions - 1 : -1].T)
