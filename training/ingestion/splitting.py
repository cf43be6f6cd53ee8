"""Splits that are deterministic, stratified by label, and never part exact copies."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from databases.library import LibraryImage

NOTHING: Mapping[str, str] = MappingProxyType({})


def assign_splits(
    images: Iterable[LibraryImage],
    shares: Mapping[str, float],
    seed: int,
    unused: Mapping[str, str] = NOTHING,
) -> dict[int, str]:
    """Gives each labelled picture that has no split one of `shares`; returns split by image id.

    What has a split keeps it, so that later pictures never move an earlier one. The others come in an
    order that only their content and the seed decide, each going where its label lacks most of its
    share; copies of a picture follow it. `unused`: splits by content of pictures that are gone or excluded;
    one that was moved stays in its split.
    """
    images = [image for image in images if image.label is not None]
    followed = dict(unused) | {image.sha256: image.split for image in images if image.split is not None}
    counts: dict[str | None, dict[str, int]] = defaultdict(lambda: dict.fromkeys(shares, 0))
    pending = defaultdict(list)
    for image in images:
        if image.split is None:
            pending[image.sha256].append(image)
        elif image.split in shares:
            counts[image.label][image.split] += 1
    assigned = {}
    for sha256 in sorted(pending, key=lambda content: _draw(content, seed)):
        copies = pending[sha256]
        of_label = counts[copies[0].label]
        split = followed.get(sha256) or _neediest(of_label, shares)
        of_label[split] = of_label.get(split, 0) + len(copies)
        assigned.update(dict.fromkeys((image.id for image in copies), split))
    return assigned


def _neediest(counts: Mapping[str, int], shares: Mapping[str, float]) -> str:
    total = sum(counts[split] for split in shares) + 1
    whole = sum(shares.values())
    return max(shares, key=lambda split: shares[split] / whole * total - counts[split])


def _draw(sha256: str | None, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()
