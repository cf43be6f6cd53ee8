"""Which pictures are nearest, in the end: by the database's own float32 vectors, of as few as will do."""

import heapq
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.gallery.asking import Candidate
from backend.gallery.cosines import exact_cosines
from backend.gallery.narrowing import ROUNDING
from backend.gallery.scanning import Scanned
from backend.gallery.segment import content_bits

# So many more than were asked for are compared before it is known how near is near enough.
MORE = 16
# Then so many at once. Of very many that codes cannot tell apart, so many are compared in all.
AT_ONCE, MOST = 512, 20_000

# (id, label, content hash, vector) of those among these ids that are in the gallery.
Present = Callable[[Sequence[int]], Iterable[tuple[int, str | None, str, bytes]]]


class Comparison:
    """The `n` nearest to `embedding` float32 [embedding_size]; with `label`, of those that carry it."""

    def __init__(self, present: Present, embedding: NDArray[np.float32], label: str | None, n: int) -> None:
        self._present, self._label, self._n = present, label, n
        self._embedding = embedding
        self._found: list[Candidate] = []
        self._nearest: list[float] = []  # a heap of the n highest cosines

    def among(self, near: Scanned) -> list[Candidate]:
        """Compares what was scanned, until nothing that is left can be nearer; nearest first, then the lower
        id."""
        first, left = near.highest(near.similarity, 2 * self._n + MORE)
        self._compare(first)
        while len(self._nearest) < self._n and len(left):  # some changed since they were indexed
            some, left = left.highest(left.similarity, AT_ONCE)
            self._compare(some)
        if len(self._nearest) == self._n:
            self._compare_rest(left)
        self._found.sort(key=lambda one: (-one.similarity, one.image_id))
        return self._found[: self._n]

    def _compare_rest(self, left: Scanned) -> None:
        left = left.above(self._nearest[0] - ROUNDING).refined(self._embedding)
        compared = 0
        while compared < MOST and len(left := left.above(self._nearest[0] - ROUNDING)):
            some, left = left.highest(left.similarity + left.off, AT_ONCE)
            self._compare(some)
            compared += len(some)

    def _compare(self, near: Scanned) -> None:
        """What is no longer what it was when it was indexed counts for nothing."""
        known = {
            image_id: (content, shown)
            for image_id, content, shown in zip(
                near.image_id.tolist(), near.content.tolist(), near.shown.tolist(), strict=True
            )
        }
        rows = [
            (image_id, label, known[image_id][1], vector)
            for image_id, label, sha256, vector in self._present(list(known))
            if content_bits(sha256) == known[image_id][0] and self._label in (None, label)
        ]
        cosines = exact_cosines([vector for *_, vector in rows], self._embedding)
        for (image_id, label, shown, _), cosine in zip(rows, cosines, strict=True):
            self._found.append(Candidate(image_id, label, str(shown), cosine))
            push = heapq.heappush if len(self._nearest) < self._n else heapq.heappushpop
            push(self._nearest, cosine)
