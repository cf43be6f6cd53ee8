"""How good a bundle is: through the exported file, on pictures it was not trained on."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from backend.certainty import wilson, wilson_interval
from backend.inference.bundle import Bundle
from backend.inference.manifest import Manifest, Metrics
from backend.inference.prediction import Predictor, softmax
from backend.inference.runtime import Raw
from training.dataset import Images, fingerprint
from training.errors import NoPictures
from training.metrics import expected_calibration_error
from training.pictures import run_model
from training.progress import Progress

Measured = Literal["val", "test"]


@dataclass(frozen=True)
class LabelReport:
    """One label's figures; `pictures` of it were shown."""

    label: str
    precision: float
    recall: float
    f1: float
    pictures: int


@dataclass(frozen=True)
class Scored:
    """What a bundle makes of `images`: `logits` float32 [n, labels] as the graph gives them, the right labels
    int64 [n], the novelty float64 [n], 0 to 1, where it tells any, and the `embedding` float32 [n, size] of
    length 1."""

    images: Images
    logits: NDArray[np.float32]
    targets: NDArray[np.int64]
    novelty: NDArray[np.float64] | None
    embedding: NDArray[np.float32]

    @property
    def answers(self) -> NDArray[np.int64]:
        """The likeliest label of each picture, int64 [n]."""
        return np.asarray(self.logits.argmax(axis=1), np.int64)

    def scores(self, temperature: float) -> NDArray[np.float32]:
        """Probabilities float32 [n, labels]."""
        return softmax(self.logits / np.float32(temperature))


@dataclass(frozen=True)
class Evaluation:
    """`confusion`: int [labels, labels], rows what it was, columns what was answered."""

    metrics: Metrics
    per_label: tuple[LabelReport, ...]
    confusion: NDArray[np.int64]

    @property
    def unshown(self) -> tuple[str, ...]:
        """The labels that no picture carried: no figure tells anything of them."""
        return tuple(row.label for row in self.per_label if not row.pictures)


def evaluate(
    bundle: Bundle, images: Images, split: Measured, progress: Progress, known: Collection[str] = ()
) -> Evaluation:
    """Runs a bundle over pictures of the library; `known`: what it had been shown before.

    Raises:
        NoPictures: there are none, or one carries a label that the bundle does not know.
    """
    return summarise(score(bundle, images, split, progress), bundle.manifest, split, known)


def score(
    bundle: Bundle, images: Images, split: Literal["train", "val", "test"], progress: Progress
) -> Scored:
    """What a bundle makes of pictures of the library.

    Raises:
        NoPictures: there are none, or one carries a label that the bundle does not know.
    """
    manifest = bundle.manifest
    if not images:
        raise NoPictures(f"task {manifest.task!r} has no picture in its {split} split")
    if unknown := {str(image.label) for image in images} - set(manifest.labels):
        raise NoPictures(
            f"{manifest.version} does not know the label {', '.join(sorted(unknown))}; train anew"
        )
    with progress.track(f"Measuring on the {split} split", len(images)) as advance:
        raw = run_model(bundle.model, images, manifest.preprocessing, advance)
    targets = _targets(manifest.labels, images)
    return Scored(images, raw.logits, targets, _novelty(bundle, raw), raw.embedding)


def summarise(scored: Scored, manifest: Manifest, split: Measured, known: Collection[str]) -> Evaluation:
    """Figures for what a bundle made of pictures; `known`: what it had been shown before."""
    return _figures(scored, manifest.labels, manifest.calibration.temperature, split, known)


def measure(
    raw: Raw,
    labels: tuple[str, ...],
    images: Images,
    temperature: float,
    split: Measured,
    known: Collection[str],
) -> Evaluation:
    """Figures for raw outputs of `images`; `known`: what the network had been shown before."""
    scored = Scored(images, raw.logits, _targets(labels, images), None, raw.embedding)
    return _figures(scored, labels, temperature, split, known)


def _novelty(bundle: Bundle, raw: Raw) -> NDArray[np.float64] | None:
    told = [answer.novelty for answer in Predictor(bundle).interpret(raw)]
    return None if None in told else np.array(told, np.float64)


def _targets(labels: tuple[str, ...], images: Images) -> NDArray[np.int64]:
    index = {label: i for i, label in enumerate(labels)}
    return np.array([index[str(image.label)] for image in images], np.int64)


def _figures(
    scored: Scored, labels: tuple[str, ...], temperature: float, split: Measured, known: Collection[str]
) -> Evaluation:
    targets, answers = scored.targets, scored.answers
    calibrated = scored.scores(temperature)
    scores = calibrated.astype(np.float64)
    every = list(range(len(labels)))
    precision, recall, f1, pictures = precision_recall_fscore_support(
        targets, answers, labels=every, zero_division=0.0
    )
    right = wilson(int((answers == targets).sum()), len(targets))
    metrics = Metrics(
        split=split,
        pictures=right.total,
        accuracy=right.value,
        accuracy_interval=(right.low, right.high),
        macro_f1=float(f1[pictures > 0].mean()),
        log_loss=float(log_loss(targets, scores / scores.sum(axis=1, keepdims=True), labels=every)),
        fingerprint=fingerprint(scored.images),
        ece=expected_calibration_error(calibrated, targets),
    )
    contents = [image.shown for image in scored.images]
    told = _grouped(answers == targets, contents) | _apart(answers == targets, contents, known)
    metrics = metrics.model_copy(update=told)
    per_label = tuple(
        LabelReport(labels[i], float(precision[i]), float(recall[i]), float(f1[i]), int(pictures[i]))
        for i in every
    )
    return Evaluation(metrics, per_label, confusion_matrix(targets, answers, labels=every))


def _grouped(right: NDArray[np.bool_], contents: list[str]) -> dict[str, object]:
    """Accuracy with each content counted once, where there are copies: the mean over contents, of how many of
    its copies were right."""
    _, group = np.unique(contents, return_inverse=True)
    shares = np.bincount(group, weights=right) / np.bincount(group)
    groups = len(shares)
    if groups == len(contents):
        return {}
    return {
        "groups": groups,
        "grouped_accuracy": float(shares.mean()),
        "grouped_accuracy_interval": wilson_interval(float(shares.sum()), groups),
    }


def _apart(right: NDArray[np.bool_], contents: list[str], known: Collection[str]) -> dict[str, object]:
    """Where pictures show what was known before, how many these are, and the accuracy on the others."""
    apart = np.array([content not in known for content in contents], bool)
    if apart.all():
        return {}
    leaked: dict[str, object] = {"leaked": int((~apart).sum())}
    if not apart.any():
        return leaked
    share = wilson(int(right[apart].sum()), int(apart.sum()))
    return leaked | {"apart_accuracy": share.value, "apart_accuracy_interval": (share.low, share.high)}
