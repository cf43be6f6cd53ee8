"""How near embeddings are to one, by the embeddings themselves."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.gallery.asking import DECIMALS


def exact_cosines(vectors: Sequence[bytes], embedding: NDArray[np.float32]) -> list[float]:
    """Those of `embedding` float32 [n], of length 1, and vectors of the same kind, as little-endian bytes; to
    6 decimals.

    In float64: a float32 product depends on the row that a vector has among others, now and then by enough
    to be rounded otherwise, and equal vectors would not be equally near.
    """
    if not vectors:
        return []
    rows = np.frombuffer(b"".join(vectors), "<f4").reshape(len(vectors), -1)
    products: list[float] = (rows.astype(np.float64) @ embedding.astype(np.float64)).round(DECIMALS).tolist()
    return products
