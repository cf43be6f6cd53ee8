"""An order in which look-alikes stand side by side."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.gallery.asking import DECIMALS


def side_by_side(vectors: Sequence[bytes]) -> list[int]:
    """Row numbers in the order of VAT: the first row, then always the one nearest to any that was taken.

    So a cluster comes whole before the next one begins, whichever it is, and without its being told how many
    there are (Bezdek and Hathaway 2002, "VAT: a tool for visual assessment of (cluster) tendency"; theirs
    begins at one end of the largest distance). Of equally near ones the lower row comes first.

    vectors: float32 [D] of length 1 each, as little-endian bytes. Takes time and memory in N^2.
    """
    if not vectors:
        return []
    rows = np.frombuffer(b"".join(vectors), "<f4").reshape(len(vectors), -1).astype(np.float64)
    cosines: NDArray[np.float64] = (rows @ rows.T).round(DECIMALS)
    order, nearest = [0], cosines[0].copy()
    nearest[0] = -np.inf
    while len(order) < len(rows):
        following = int(nearest.argmax())
        order.append(following)
        np.maximum(nearest, cosines[following], out=nearest)
        nearest[order] = -np.inf
    return order
