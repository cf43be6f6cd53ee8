"""What a model is trained and measured on: a task's labelled pictures, by split."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import dataset_versions, library
from databases.dataset_versions import Member
from databases.library import LibraryImage
from training.errors import NoPictures

Images = tuple[LibraryImage, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Dataset:
    """`labels` are sorted; their order is the order of a model's outputs."""

    task: str
    labels: tuple[str, ...]
    train: Images
    val: Images
    test: Images

    @property
    def label_shares(self) -> tuple[float, ...]:
        """Each label's share of the train split, in their order."""
        counts = Counter(image.label for image in self.train)
        return tuple(counts[label] / len(self.train) for label in self.labels)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The labels that no picture of val or test carries: no figure tells anything of them."""
        shown = {image.label for image in self.val + self.test}
        return tuple(label for label in self.labels if label not in shown)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.train + self.val + self.test)

    @property
    def members(self) -> list[Member]:
        return members(self.train + self.val + self.test)

    def targets(self, images: Images) -> list[int]:
        """Each picture's label, as its index in `labels`."""
        index = {label: i for i, label in enumerate(self.labels)}
        return [index[str(image.label)] for image in images]


def fingerprint(images: Iterable[LibraryImage]) -> str:
    """The same for the same pictures, labels and splits, wherever they lie."""
    return dataset_versions.fingerprint(members(images))


def members(images: Iterable[LibraryImage]) -> list[Member]:
    """Pictures as a data set holds them."""
    return [Member(image.sha256, str(image.label), str(image.split)) for image in images]


def spread(things: Sequence[T], most: int) -> tuple[T, ...]:
    """At most so many, evenly from all over."""
    count = min(len(things), most)
    return tuple(things[number * len(things) // count] for number in range(count))


def load_dataset(engine: Engine, task: str) -> Dataset:
    """The labelled pictures of a task.

    Raises:
        NoPictures: there is no such task, or it has fewer than two labels, labels that read alike, or no
        pictures to train or validate on.
    """
    with Session(engine) as session:
        images = [image for image in library.task_images(session, task) if image.label is not None]
        known = library.tasks(session)
    if not images:
        raise NoPictures(f"task {task!r} has no labelled picture; {_what_to_do(task, known)}")
    splits = {
        name: tuple(image for image in images if image.split == name) for name in ("train", "val", "test")
    }
    dataset = Dataset(task, tuple(sorted({str(image.label) for image in splits["train"]})), **splits)
    _check_labels(dataset)
    if not dataset.val:
        raise NoPictures(f"task {task!r} has no usable picture in its val split: give it 5 a label or more")
    return dataset


def _check_labels(dataset: Dataset) -> None:
    task, labels = dataset.task, dataset.labels
    if not labels:
        raise NoPictures(f"task {task!r} has no usable picture in its train split")
    if len(labels) < 2:
        raise NoPictures(
            f"task {task!r} has one label, {labels[0]!r}; training needs two folders of pictures or more"
        )
    if unknown := {str(image.label) for image in dataset.val + dataset.test} - set(labels):
        raise NoPictures(f"no picture of {', '.join(sorted(unknown))} is in the training split of {task!r}")
    first: dict[str, str] = {}
    for label in labels:
        # Two folders that a person takes for one: "Cat" and "cat", or an accent that is coded in two ways.
        other = first.setdefault(unicodedata.normalize("NFKC", label).casefold(), label)
        if other != label:
            raise NoPictures(
                f"the labels {other!r} and {label!r} of task {task!r} read alike: give their folders one "
                "name, or two that differ, and run menagerie ingest again"
            )


def _what_to_do(task: str, known: list[str]) -> str:
    if task in known:
        return "put its pictures into one folder a label, and run menagerie ingest again"
    if not known:
        return "the library is empty, run: menagerie ingest DIR"
    return f"the library has: {', '.join(known)}"
