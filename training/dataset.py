"""What a model is trained and measured on: a task's labelled pictures, by split."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import corrections, dataset_versions, library
from databases.dataset_versions import Member
from databases.errors import UnknownDataset
from databases.label_operations import reads_as
from databases.library import LibraryImage
from databases.paired_answers import learnt_contents
from databases.registry import RegisteredModel
from training.errors import NoPictures

Images = tuple[LibraryImage, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Dataset:
    """`labels` are sorted; their order is the order of a model's outputs. `waiting`: held-back pictures to
    which people gave a label that no train picture carries yet: they are in no split until one does."""

    task: str
    labels: tuple[str, ...]
    train: Images
    val: Images
    test: Images
    waiting: Images = ()

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
    def untested(self) -> tuple[str, ...]:
        """The labels that val shows but no picture of test: what is measured on test tells nothing of them.
        None where there is no test picture at all, so that nothing is measured."""
        shown = {image.label for image in self.test}
        others = (label for label in self.labels if shown and label not in shown)
        return tuple(label for label in others if label not in self.unmeasured)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.train + self.val + self.test)

    @property
    def members(self) -> list[Member]:
        return members(self.train + self.val + self.test)

    def known_before(self, split: Literal["val", "test"]) -> frozenset[str]:
        """What is shown by the pictures that a model learnt from, or was chosen by, before it is measured on
        `split`."""
        return frozenset(image.shown for image in self.train + (self.val if split == "test" else ()))

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


def contents_learnt(session: Session, model: RegisteredModel) -> frozenset[str] | None:
    """The SHA-256 of the files that a model learnt from, or was chosen by, and of those that show the same:
    see `learnt_contents`. None where what it was trained on is not kept.

    Raises:
        DamagedDataset: what is kept is something else.
    """
    if model.dataset_fingerprint is None:
        return None
    try:
        kept = dataset_versions.read_members(session, model.dataset_fingerprint)
    except UnknownDataset:
        return None
    return learnt_contents(session, kept)


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
        learnt = {image.label for image in images if image.split == "train"}
        held = [image for image in images if image.split in ("val", "test")]
        waiting = _waiting(session, task, [image for image in held if image.label not in learnt])
    if not images:
        raise NoPictures(f"task {task!r} has no labelled picture; {_what_to_do(task, known)}")
    left = {image.id for image in waiting}
    splits = {
        name: tuple(image for image in images if image.split == name and image.id not in left)
        for name in ("train", "val", "test")
    }
    labels = tuple(sorted({str(image.label) for image in splits["train"]}))
    dataset = Dataset(task, labels, **splits, waiting=tuple(waiting))
    _check_labels(dataset)
    if not dataset.val:
        raise NoPictures(f"task {task!r} has no usable picture in its val split: give it 5 a label or more")
    return dataset


def _waiting(session: Session, task: str, unlearnt: list[LibraryImage]) -> list[LibraryImage]:
    """Those of labels that people gave: of labels that folders give, they would be a mistake to be told."""
    if not unlearnt:
        return []
    decided = corrections.effective(session, task)
    return [image for image in unlearnt if image.sha256 in decided and decided[image.sha256].label]


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
        other = first.setdefault(reads_as(label), label)
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
