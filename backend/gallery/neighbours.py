"""What the nearest pictures of the library say of one: a second opinion, or a name where it has none."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.gallery.asking import Candidate, Gallery
from backend.gallery.choosing import nearest_different, own_of
from databases.nearest import Among

NEIGHBOURS = 10


@dataclass(frozen=True)
class Suggestion:
    """A label, and the share of the nearest labelled pictures that carry it, weighed by their similarity."""

    label: str
    share: float


@dataclass(frozen=True)
class Majority:
    """The label that most of `asked` labelled pictures carry: `count` of them."""

    label: str
    count: int
    asked: int


@dataclass(frozen=True)
class Neighbours:
    """The nearest pictures, look-alikes once, the asked picture and its own look-alikes left out. `held`:
    whether the asked picture itself is the library's."""

    pictures: tuple[Candidate, ...]
    held: bool = False

    @property
    def nearest(self) -> float | None:
        """The similarity of the nearest; None where the gallery has no other picture."""
        return min(1.0, max(0.0, self.pictures[0].similarity)) if self.pictures else None

    def agreement(self, label: str, known: Collection[str]) -> float | None:
        """The share of those with one of the `known` labels that carry `label`; None where there are none."""
        labels = self._labels(known)
        return labels.count(label) / len(labels) if labels else None

    def majority(self, known: Collection[str]) -> Majority | None:
        """What most of those with one of the `known` labels carry, of several the nearest's; None where there
        are none."""
        labels = self._labels(known)
        return Majority(*Counter(labels).most_common(1)[0], len(labels)) if labels else None

    def _labels(self, known: Collection[str]) -> list[str]:
        return [one.label for one in self.pictures if one.label is not None and one.label in known]

    def suggestions(self) -> list[Suggestion]:
        """The labels they carry, the weightiest first."""
        weights: defaultdict[str, float] = defaultdict(float)
        for one in self.pictures:
            if one.label is not None:
                weights[one.label] += max(0.0, one.similarity)
        total = sum(weights.values())
        ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        return [Suggestion(label, weight / total) for label, weight in ordered if total]


def neighbours(gallery: Gallery, embedding: NDArray[np.float32], without: str | None) -> Neighbours:
    """The ten nearest to `embedding` float32 [embedding_size]; `without`: its picture's content hash."""
    return _ask(gallery, embedding, without, Among())


def labelled_neighbours(gallery: Gallery, embedding: NDArray[np.float32], without: str | None) -> Neighbours:
    """The ten nearest of those that have a label."""
    return _ask(gallery, embedding, without, Among(labelled=True))


def unasked(gallery: Gallery, sha256: str) -> Neighbours:
    """Those of a picture where the gallery is not to be asked: none, but whether the library holds it."""
    with gallery.opened() as shelf:
        return Neighbours((), held=bool(own_of(shelf, sha256)))


def _ask(gallery: Gallery, embedding: NDArray[np.float32], without: str | None, among: Among) -> Neighbours:
    with gallery.opened() as shelf:
        own = own_of(shelf, without)
        found = nearest_different(shelf, embedding, among, own, NEIGHBOURS)
    return Neighbours(tuple(found), held=bool(own))
