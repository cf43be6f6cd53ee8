"""Answers from what a shelf holds: own copies left out, look-alikes told once, near or also diverse."""

import numpy as np
from numpy.typing import NDArray

from backend.gallery.asking import Candidate, Found, Gallery, Match, Shelf
from databases.nearest import Among

# Diverse answers are chosen from so many times as many of the nearest, within these limits.
POOL, LEAST_POOL, MOST_POOL = 5, 100, 1000


def search(
    gallery: Gallery,
    embedding: NDArray[np.float32],
    among: Among,
    *,
    k: int,
    without: str | None = None,
    diversity: float = 0.0,
) -> Found:
    """The min(k, available) pictures nearest to `embedding` float32 [embedding_size], of length 1.

    The nearest come first, of those as near the lower id. Pictures with the content hash `without`, and their
    look-alikes, are left out; of others that show the same only the nearest is an answer. With `diversity`
    above 0, up to 1, answers that resemble one another give way, by maximal marginal relevance (Carbonell &
    Goldstein 1998), and come in the order in which they were chosen.
    """
    with gallery.opened() as shelf:
        own = own_of(shelf, without)
        available = shelf.available(among, own)
        wanted = min(k, available)
        pool = wanted
        if diversity:
            pool = min(available, max(wanted, min(max(POOL * k, LEAST_POOL), MOST_POOL)))
        chosen = nearest_different(shelf, embedding, among, own, pool)
        if diversity:
            chosen = _diverse(shelf, chosen, wanted, diversity)
        alike = shelf.alike(among, {one.shown for one in chosen})
    return Found([_match(one, alike.get(one.shown, 1)) for one in chosen], available)


def own_of(shelf: Shelf, sha256: str | None) -> frozenset[str]:
    """What the library's pictures with this content show; empty where there is none, or nobody asked."""
    return frozenset() if sha256 is None else shelf.shown_by(sha256)


def nearest_different(
    shelf: Shelf, embedding: NDArray[np.float32], among: Among, own: frozenset[str], wanted: int
) -> list[Candidate]:
    """The nearest picture of each of the `wanted` nearest different things, or of all if they are fewer."""
    nearest: dict[str, Candidate] = {}
    while len(nearest) < wanted:
        lacking = wanted - len(nearest)
        for one in (found := shelf.nearest(embedding, among, own | nearest.keys(), lacking)):
            nearest.setdefault(one.shown, one)
        if len(found) < lacking:
            break
    return list(nearest.values())


def _diverse(shelf: Shelf, pool: list[Candidate], wanted: int, diversity: float) -> list[Candidate]:
    vectors = shelf.vectors([one.image_id for one in pool])
    pool = [one for one in pool if one.image_id in vectors]
    if not pool:
        return []
    rows = np.stack([vectors[one.image_id] for one in pool])
    alike = rows @ rows.T
    relevance = np.array([one.similarity for one in pool])
    redundancy = np.full(len(pool), -np.inf)
    worth = relevance.copy()  # of the first nothing is redundant
    chosen: list[int] = []
    while len(chosen) < min(wanted, len(pool)):
        worth[chosen] = -np.inf
        best = int(np.argmax(worth))  # the first of equals, which is the nearest
        chosen.append(best)
        redundancy = np.maximum(redundancy, alike[best])
        worth = (1 - diversity) * relevance - diversity * redundancy
    return [pool[row] for row in chosen]


def _match(one: Candidate, alike: int) -> Match:
    return Match(one.image_id, one.label, min(1.0, max(0.0, one.similarity)), alike)
