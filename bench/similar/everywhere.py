"""Whether every filter by label finds what brute force finds."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.peers.searching import Task
from bench.similar.asking import nearest_rows, opened
from bench.similar.filling import Library
from bench.similar.mixing import Crowd

EACH, ANY = 5, 50


def least_recall(library: Library, crowd: Crowd) -> float:
    """The least recall@10 of any filter, against brute force in float32: each label, and none."""
    gallery = opened(library.url, library.folder, library.dimensions)
    least = 1.0
    for label, queries in _asked(crowd):
        answers = [nearest_rows(gallery, query, label) for query in queries]
        least = min(least, Task(crowd.vectors, crowd.rows_of(label), queries).recall(answers))
    gallery.close()
    return least


def _asked(crowd: Crowd) -> Iterator[tuple[str | None, NDArray[np.float32]]]:
    """Filters, and what to ask them for: what the label is like, and what it is not."""
    yield None, crowd.queries[:ANY]
    vectors = crowd.vectors
    for label in crowd.names:
        rows = crowd.rows_of(label)
        if not len(rows):  # in a small crowd
            continue
        between = vectors[rows[:EACH]] + vectors[rows[-EACH:]]
        queries = np.concatenate([between, crowd.queries[:EACH]])
        yield label, queries / np.linalg.norm(queries, axis=1, keepdims=True)
