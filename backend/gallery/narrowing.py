"""Of many rows those that may be among the nearest, by their sketches."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backend.gallery import sketches
from backend.gallery.asking import DECIMALS
from backend.gallery.index import Rows
from backend.gallery.quantised import restore

# So many that are near by their sketches tell how near the nearest at least are; as many times those asked
# for if that is more.
FIRST, FIRST_TIMES = 64, 2
ROUNDING = 10.0**-DECIMALS


def narrowed(rows: Rows, embedding: NDArray[np.float32], n: int) -> tuple[Rows, float]:
    """The rows without those whose sketches tell that they are not among the n nearest of them to `embedding`
    float32 [embedding_size]; and than what these are farther."""
    segment, first = rows.part.segment, max(FIRST, FIRST_TIMES * n)
    if segment.sketches is None or np.count_nonzero(rows.kept) < max(sketches.LEAST, first):
        return rows, -np.inf
    about, off = segment.sketches.cosines(embedding, slice(rows.start, rows.stop))
    about[~rows.kept] = -np.inf
    nearest = rows.start + np.argpartition(-about, first - 1)[:first]
    cosines = restore(segment.codes[nearest], segment.columns.scale[nearest]) @ embedding
    least = float(np.sort(cosines - segment.columns.error[nearest])[-n])
    # By so much more than cosines are rounded that nothing is a tie with what is left out.
    return replace(rows, kept=about + off >= least - 3 * ROUNDING), least - ROUNDING
