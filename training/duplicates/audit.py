"""Which groups of look-alikes the splits of a task part, and what accuracy that buys."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from backend.certainty import Share, wilson
from databases.library import LibraryImage
from training.dataset import Dataset, Images
from training.probe import fit_probe
from training.probing import starter_features
from training.workshop import Workshop

ORDER = ("test", "val", "train")


@dataclass(frozen=True)
class Crossing:
    """Pictures of one group that lie in several splits, test first."""

    pictures: Images

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits it lies in, test first."""
        return tuple(dict.fromkeys(str(image.split) for image in self.pictures))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels its pictures carry: of more than one, one is wrong, or they share a scene."""
        return tuple(sorted({str(image.label) for image in self.pictures}))


@dataclass(frozen=True)
class Bought:
    """How often a probe on the starter's embeddings is right on pictures of the test split.

    `as_split`: on all of them, as the splits are. `apart`: on those that have no look-alike in what it learnt
    from. `leaked`: on those that have one, and `unseen` the same pictures where the probe did not learn from
    their look-alikes: the difference is what those buy.
    """

    as_split: Share
    apart: Share
    leaked: Share
    unseen: Share


@dataclass(frozen=True)
class Audit:
    """`pictures` by split. `bought` is None where test and what is learnt from share nothing, or where too
    little is left to learn from without it. `unsure`: how many pictures were compared by their hash alone."""

    task: str
    pictures: dict[str, int]
    crossings: tuple[Crossing, ...]
    bought: Bought | None
    unsure: int


def crossings(images: Iterable[LibraryImage]) -> tuple[Crossing, ...]:
    """The groups that lie in several splits, the largest first."""
    groups = defaultdict(list)
    for image in images:
        if image.split is not None:
            groups[image.shown].append(image)
    found = [
        Crossing(tuple(sorted(group, key=lambda image: (ORDER.index(str(image.split)), image.id))))
        for group in groups.values()
        if len({image.split for image in group}) > 1
    ]
    return tuple(sorted(found, key=lambda crossing: (-len(crossing.pictures), crossing.pictures[0].id)))


def audit(workshop: Workshop, dataset: Dataset, unsure: int) -> Audit:
    """What the splits of a task part; the test split is measured on here, and nothing is chosen by it."""
    found = crossings(dataset.train + dataset.val + dataset.test)
    counts = {"train": len(dataset.train), "val": len(dataset.val), "test": len(dataset.test)}
    return Audit(dataset.task, counts, found, _bought(workshop, dataset), unsure)


def _bought(workshop: Workshop, dataset: Dataset) -> Bought | None:
    learnt = dataset.train + dataset.val  # as a probe does: it needs no split held back
    of_test = {image.shown for image in dataset.test}
    of_learnt = {image.shown for image in learnt}
    leaked = np.array([image.shown in of_learnt for image in dataset.test], bool)
    kept = np.array([image.shown not in of_test for image in learnt], bool)
    rest = [image for image, keep in zip(learnt, kept, strict=True) if keep]
    if not leaked.any() or not _enough(dataset, rest):
        return None
    features = starter_features(workshop, dataset, learnt + dataset.test)
    known, asked = features[: len(learnt)], features[len(learnt) :]
    targets, wanted = (np.array(dataset.targets(images)) for images in (learnt, dataset.test))
    shown = np.array([image.shown for image in learnt])
    with workshop.progress.track("Measuring what copies buy", 2) as advance:
        right = []
        for used in (np.ones(len(learnt), bool), kept):
            fit = fit_probe(known[used], targets[used], list(shown[used]), seed=0)
            right.append(fit.head.logits(asked).argmax(axis=1) == wanted)
            advance(1)
    with_copies, without = right
    return Bought(
        as_split=_share(with_copies),
        apart=_share(with_copies[~leaked]),
        leaked=_share(with_copies[leaked]),
        unseen=_share(without[leaked]),
    )


def _enough(dataset: Dataset, rest: Iterable[LibraryImage]) -> bool:
    """Whether two different pictures of each label are left to learn from."""
    different = defaultdict(set)
    for image in rest:
        different[image.label].add(image.shown)
    return all(len(different[label]) > 1 for label in dataset.labels)


def _share(right: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Share:
    return wilson(int(right.sum()), len(right))
