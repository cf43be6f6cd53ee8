"""Whether the pictures that come first for a picture carry its label.

Queries and gallery are two splits, test and train: no picture asks that was learnt from, none finds itself,
and as splits part nothing that shows the same, none finds its copies. Where a query and a picture of the
gallery do show the same, the one is no result of the other.

AP@10 of a query is the sum over its first ten results of P(i) rel(i), divided by min(m, 10): rel(i) is 1
where result i carries the query's label and 0 elsewhere, P(i) the share of such results among the first i,
and m how many pictures of the gallery carry it. mAP@10 is its mean over the queries (Weyand et al. 2020,
Google Landmarks Dataset v2, arXiv:2004.01804). Recall@10 is the share of queries with at least one such
result among the first ten (Oh Song et al. 2016, arXiv:1511.06452). Queries for which m is 0 do not count.

By this measure, pictures drawn from those with the predicted label are as good as the prediction: all of them
are right, or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.certainty import Share, wilson
from training.dataset import Images
from training.metrics import Resampled, mean_estimate

DEPTH = 10
BLOCK = 1024  # queries ranked at a time: 8 MB of cosines with a gallery of 2,000

Scores = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Shelf:
    """Pictures as they are judged: their `labels` int64 [n], and `shown` int64 [n], equal for those that show
    the same."""

    labels: NDArray[np.int64]
    shown: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, begin: int, end: int) -> "Shelf":
        return Shelf(self.labels[begin:end], self.shown[begin:end])


@dataclass(frozen=True)
class Judged:
    """Each query that the gallery has an answer to: its AP@10 float64 [n], and bool [n] whether any of its
    first ten results was right."""

    precision: NDArray[np.float64]
    found: NDArray[np.bool_]


@dataclass(frozen=True)
class Retrieval:
    """`precision` is mAP@10, `recall` recall@10, both over `recall.total` queries to `gallery` pictures."""

    precision: Resampled
    recall: Share
    gallery: int


def shelve(queries: Images, gallery: Images, labels: Sequence[str]) -> tuple[Shelf, Shelf]:
    """Two sets of pictures, each label as its index in `labels`."""
    index = {label: i for i, label in enumerate(labels)}
    both = queries + gallery
    _, shown = np.unique([image.shown for image in both], return_inverse=True)
    whole = Shelf(np.array([index[str(image.label)] for image in both], np.int64), shown.astype(np.int64))
    return whole.part(0, len(queries)), whole.part(len(queries), len(both))


def retrieve(
    asked: NDArray[np.float32], kept: NDArray[np.float32], queries: Shelf, gallery: Shelf
) -> Retrieval | None:
    """How good the order by cosine is of embeddings of length 1, float32 [queries, size], [gallery, size].

    None where the gallery has no answer to any query.
    """
    starts = range(0, len(queries), BLOCK)
    judged = joined(
        [judge(asked[i : i + BLOCK] @ kept.T, queries.part(i, i + BLOCK), gallery) for i in starts]
    )
    if not len(judged.found):
        return None
    recall = wilson(int(judged.found.sum()), len(judged.found))
    return Retrieval(mean_estimate(judged.precision), recall, len(gallery))


def judge(scores: Scores, queries: Shelf, gallery: Shelf) -> Judged:
    """Ranks the gallery for each query by `scores` [queries, gallery], the highest first and equal ones as
    drawn; what scores minus infinity is no result."""
    drawn = np.random.default_rng(0).permutation(len(gallery))
    labels, shown = gallery.labels[drawn], gallery.shown[drawn]
    others = queries.shown[:, None] != shown[None]
    likeness = np.where(others, scores[:, drawn], -np.inf)
    first = np.argsort(-likeness, axis=1, kind="stable")[:, :DEPTH]
    wanted = np.asarray(queries.labels[:, None] == labels[None]) & others
    right = np.take_along_axis(wanted & (likeness > -np.inf), first, axis=1)
    shares = np.cumsum(right, axis=1) / np.arange(1, right.shape[1] + 1)
    most = np.minimum(wanted.sum(axis=1), DEPTH)
    askable = most > 0
    precision = (shares * right).sum(axis=1)[askable] / most[askable]
    return Judged(precision, np.asarray(right.any(axis=1))[askable])


def joined(parts: Sequence[Judged]) -> Judged:
    """All queries of `parts`, of which there are some."""
    return Judged(
        np.concatenate([part.precision for part in parts]), np.concatenate([part.found for part in parts])
    )


def at_random(queries: Shelf, gallery: Shelf, rng: np.random.Generator) -> Scores:
    """Scores [queries, gallery] of pictures drawn from all."""
    return rng.random((len(queries), len(gallery)))


def of_label(answers: NDArray[np.int64], gallery: Shelf, scores: Scores) -> Scores:
    """`scores` [queries, gallery] of those pictures alone that carry the query's predicted label, `answers`
    [queries]. With random scores it is what a recommender does that predicts a label and draws from it."""
    return np.where(answers[:, None] == gallery.labels, scores, -np.inf)


def by_hash(asked: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Scores:
    """Scores [queries, gallery], the higher the fewer bits differ, of hashes bool [queries, bits] and
    [gallery, bits]."""
    one, other = asked.astype(np.float32), kept.astype(np.float32)
    differing = one.sum(axis=1)[:, None] + other.sum(axis=1) - 2 * one @ other.T
    return np.asarray(-differing, np.float32)
