"""Groups of pictures that show the same: exact copies, close hashes and, if asked for, laid over one another.

Groups only grow while their pictures are there: what was found once is kept, so that an ingest compares new
pictures alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import duplicates, library
from databases.duplicates import Comparable, Compared
from databases.library import LibraryImage
from training.duplicates.close_hashes import close_pairs
from training.progress import Progress

IdPair = tuple[int, int]


@dataclass(frozen=True)
class Looked:
    """More pairs of ids that show the same, and the ids of those that could be looked at."""

    pairs: list[IdPair]
    ids: list[int]


# Given a task's usable pictures, the ids of those to compare with all, and which are known to show the same.
LookCloser = Callable[[Sequence[LibraryImage], set[int], DisjointSet], Looked]


@dataclass(frozen=True)
class Comparison:
    """What comparing found: pairs of ids that show the same, and which pictures are now compared, by what."""

    pairs: list[IdPair]
    compared: dict[Compared, list[int]]


def compare(engine: Engine, task: str, look_closer: LookCloser | None, progress: Progress) -> Comparison:
    """Compares the pictures of a task that are new with all of them. Writes nothing."""
    with Session(engine) as session:
        pictures = duplicates.comparable(session, task)
        usable = library.task_images(session, task) if look_closer else []
    pairs = _close(pictures, progress)
    new = [picture.id for picture in pictures if picture.compared is None]
    if not look_closer:
        return Comparison(pairs, {"hash": new})
    ids = {picture.id for picture in pictures}
    done = {picture.id for picture in pictures if picture.compared == "embedding"}
    usable = [image for image in usable if image.id in ids]
    closer = {image.id for image in usable} - done
    if not closer:
        return Comparison(pairs, {"hash": new})
    known = DisjointSet(ids)
    for one, other in (*_known(pictures), *pairs):
        known.merge(one, other)
    looked = look_closer(usable, closer, known)
    seen = set(looked.ids)
    return Comparison(
        pairs + looked.pairs, {"hash": [one for one in new if one not in seen], "embedding": looked.ids}
    )


def write_groups(session: Session, task: str, comparison: Comparison) -> None:
    """Writes the groups of a task, anew from what is known and what a comparison found."""
    pictures = duplicates.comparable(session, task)
    ids = np.array([picture.id for picture in pictures], np.int64)
    lowest = _lowest(ids, [*_known(pictures), *comparison.pairs])
    duplicates.write_groups(
        session,
        {
            picture.id: group
            for picture, group in zip(pictures, lowest, strict=True)
            if group != picture.group
        },
    )
    for level, found in comparison.compared.items():
        duplicates.mark_compared(session, level, found)


def _lowest(ids: NDArray[np.int64], pairs: Sequence[IdPair]) -> list[int | None]:
    """For each of the ascending `ids`, the lowest of those that pairs join it to, or None."""
    joined = np.array(pairs, np.int64).reshape(-1, 2)
    joined = joined[np.isin(joined, ids).all(axis=1)]  # a picture may have gone meanwhile
    one, other = np.searchsorted(ids, joined).T
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(len(ids), len(ids)))
    _, member = connected_components(graph, directed=False)
    _, first, size = np.unique(member, return_index=True, return_counts=True)
    return [int(ids[first[group]]) if size[group] > 1 else None for group in member]


def _known(pictures: Sequence[Comparable]) -> Iterator[IdPair]:
    """Pairs that join exact copies, and what was found earlier."""
    first: dict[object, int] = {}
    for picture in pictures:
        for key in (picture.sha256, picture.group):
            if key is not None and (other := first.setdefault(key, picture.id)) != picture.id:
                yield other, picture.id


def _close(pictures: Sequence[Comparable], progress: Progress) -> list[IdPair]:
    hashed = [picture for picture in pictures if picture.perceptual_hash]
    new = np.array([picture.compared is None for picture in hashed], bool)
    if not new.any():
        return []
    with progress.track("Comparing hashes", 1) as advance:
        pairs = close_pairs([str(picture.perceptual_hash) for picture in hashed], new)
        advance(1)
    return [(hashed[i].id, hashed[j].id) for i, j in pairs]
