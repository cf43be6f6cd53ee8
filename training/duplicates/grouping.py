"""Groups of pictures that show the same: exact copies, close hashes and, if asked for, laid over one another.

Groups only grow while their pictures are there: what was found once is kept, so that an ingest compares new
pictures alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import DisjointSet
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import duplicates, library
from databases.duplicates import Comparable, Compared
from databases.library import LibraryImage
from training.duplicates.close_hashes import close_pairs
from training.progress import Progress

IdPair = tuple[int, int]
# Given a task's usable pictures, the ids of those to compare with all, and which are known to show the same:
# more pairs that do.
LookCloser = Callable[[Sequence[LibraryImage], set[int], DisjointSet], list[IdPair]]


@dataclass(frozen=True)
class Comparison:
    """What comparing found: pairs of ids that show the same, and by what each picture is now compared."""

    pairs: list[IdPair]
    compared: dict[int, Compared]


def compare(engine: Engine, task: str, look_closer: LookCloser | None, progress: Progress) -> Comparison:
    """Compares the pictures of a task that are new with all of them. Writes nothing."""
    with Session(engine) as session:
        pictures = duplicates.comparable(session, task)
        usable = library.task_images(session, task) if look_closer else []
    compared: dict[int, Compared] = {picture.id: picture.compared or "hash" for picture in pictures}
    pairs = _close(pictures, progress)
    if look_closer:
        usable = [image for image in usable if image.id in compared]
        closer = {image.id for image in usable if compared[image.id] == "hash"}
        if closer:
            pairs += look_closer(usable, closer, _joined(pictures, pairs))
        compared |= dict.fromkeys(closer, "embedding")
    return Comparison(pairs, compared)


def write_groups(session: Session, task: str, comparison: Comparison) -> None:
    """Writes the groups of a task, anew from what is known and what a comparison found."""
    pictures = duplicates.comparable(session, task)
    lowest = {
        picture_id: min(group)
        for group in _joined(pictures, comparison.pairs).subsets()
        if len(group) > 1
        for picture_id in group
    }
    rows: list[dict[str, Any]] = []
    for picture in pictures:
        row = {"duplicate_group": lowest.get(picture.id), "compared": comparison.compared.get(picture.id)}
        if row != {"duplicate_group": picture.group, "compared": picture.compared}:
            rows.append({"id": picture.id} | row)
    duplicates.write_groups(session, rows)


def _close(pictures: Sequence[Comparable], progress: Progress) -> list[IdPair]:
    hashed = [picture for picture in pictures if picture.perceptual_hash]
    new = np.array([picture.compared is None for picture in hashed], bool)
    if not new.any():
        return []
    with progress.track("Comparing hashes", 1) as advance:
        pairs = close_pairs([str(picture.perceptual_hash) for picture in hashed], new)
        advance(1)
    return [(hashed[i].id, hashed[j].id) for i, j in pairs]


def _joined(pictures: Sequence[Comparable], pairs: Iterable[IdPair]) -> DisjointSet:
    joined = DisjointSet(picture.id for picture in pictures)
    same: dict[object, list[int]] = defaultdict(list)
    for picture in pictures:
        same[picture.sha256].append(picture.id)
        if picture.group is not None:
            same[picture.group].append(picture.id)
    for ids in same.values():
        for one in ids[1:]:
            joined.merge(ids[0], one)
    for first, second in pairs:
        if first in joined and second in joined:
            joined.merge(first, second)
    return joined
