"""Splits that are deterministic, stratified by label, and never part pictures that show the same."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy.orm import Session

from databases import library
from databases.duplicates import uncompared
from databases.library import LibraryImage

NOTHING: Mapping[str, str] = MappingProxyType({})


def split_task(session: Session, task: str, shares: Mapping[str, float], seed: int) -> int:
    """Gives a task's labelled pictures that have no split one of `shares`, by `assign_splits`; returns how
    many."""
    unused = library.unused_splits(session, task)
    # What another ingest brings at this moment is not compared yet: it is that one's to split.
    waiting = uncompared(session, task)
    images = [image for image in library.task_images(session, task) if image.id not in waiting]
    assigned = assign_splits(images, shares, seed, unused)
    library.set_splits(session, assigned)
    return len(assigned)


def assign_splits(
    images: Iterable[LibraryImage],
    shares: Mapping[str, float],
    seed: int,
    unused: Mapping[str, str] = NOTHING,
) -> dict[int, str]:
    """Gives each labelled picture that has no split one of `shares`; returns split by image id.

    What has a split keeps it, so that later pictures never move an earlier one, and those that show the same
    follow it. The others come in an order that only their content and the seed decide, those with the most
    copies first, each going where its label lacks most of its share. `unused`: splits of pictures that are
    gone or excluded, by content and by what they show; one that was moved stays in its split.
    """
    images = [image for image in images if image.label is not None]
    followed: dict[str, str] = {}
    counts: dict[str | None, dict[str, int]] = defaultdict(lambda: dict.fromkeys(shares, 0))
    pending: dict[str, list[LibraryImage]] = defaultdict(list)
    for image in images:
        if image.split is None:
            pending[image.shown].append(image)
            continue
        followed.setdefault(image.shown, image.split)
        if image.split in shares:
            counts[image.label][image.split] += 1
    assigned = {}
    for group in sorted(pending.values(), key=lambda group: _turn(group, seed)):
        needs = counts[min(group, key=lambda image: _draw(image.sha256, seed)).label]
        split = followed.get(group[0].shown) or _of_unused(group, unused) or _neediest(needs, shares)
        for image in group:  # one that shows the same may carry another label
            assigned[image.id] = split
            if split in shares:
                counts[image.label][split] += 1
    return assigned


def _turn(group: Sequence[LibraryImage], seed: int) -> tuple[int, str]:
    return -len(group), min(_draw(image.sha256, seed) for image in group)


def _of_unused(group: Sequence[LibraryImage], unused: Mapping[str, str]) -> str | None:
    keys = [key for image in group for key in (image.sha256, image.shown)]
    return next((unused[key] for key in keys if key in unused), None)


def _neediest(counts: Mapping[str, int], shares: Mapping[str, float]) -> str:
    total = sum(counts[split] for split in shares) + 1
    whole = sum(shares.values())
    return max(shares, key=lambda split: shares[split] / whole * total - counts[split])


def _draw(sha256: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()
