"""Pictures unlike all others of their task.

A picture's distance is that to its fifth nearest neighbour (Ramaswamy et al. 2000, "Efficient algorithms for
mining outliers from large data sets", SIGMOD), in cosines of embeddings.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.novelty import NEIGHBOURS

# Beyond the upper quartile by so many times the distance between the quartiles (Tukey 1977, Exploratory Data
# Analysis): 1 in 300 of a normal distribution.
FENCE = 1.5
CHUNK = 1024  # rows of similarities in memory at a time
FEWEST = 20  # pictures; the quartiles of fewer say little


def neighbour_distances(embeddings: NDArray[np.float32], contents: Sequence[str]) -> NDArray[np.float32]:
    """Distances float32 [n], 0 to 2, for embeddings float32 [n, size] of length 1; those that share a content
    are no neighbours."""
    _, content = np.unique(list(contents), return_inverse=True)
    rows = []
    for start in range(0, len(embeddings), CHUNK):
        similarities = embeddings[start : start + CHUNK] @ embeddings.T
        similarities[content[start : start + CHUNK, None] == content[None, :]] = -1  # as far as can be
        nearest = min(NEIGHBOURS, len(embeddings))
        rows.append(1 - np.partition(similarities, -nearest, axis=1)[:, -nearest])
    return np.concatenate(rows)


def find_outliers(distances: NDArray[np.float32]) -> list[int]:
    """The indices of distances that stand out, the farthest first."""
    if len(distances) < FEWEST:
        return []
    lower, upper = np.quantile(distances, [0.25, 0.75])
    beyond = np.flatnonzero(distances > upper + FENCE * (upper - lower))
    return sorted(beyond.tolist(), key=lambda i: -float(distances[i]))
