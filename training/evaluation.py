"""How good a bundle is: through the exported file, on pictures it was not trained on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from backend.inference.bundle import Bundle
from backend.inference.manifest import Metrics
from backend.inference.prediction import softmax
from backend.inference.runtime import Raw
from training.dataset import Images, fingerprint
from training.errors import NoPictures
from training.pictures import run_model
from training.progress import Progress


@dataclass(frozen=True)
class LabelReport:
    """One label's figures; `pictures` of it were shown."""

    label: str
    precision: float
    recall: float
    f1: float
    pictures: int


@dataclass(frozen=True)
class Evaluation:
    """`confusion`: int [labels, labels], rows what it was, columns what was answered."""

    metrics: Metrics
    per_label: tuple[LabelReport, ...]
    confusion: NDArray[np.int64]


def evaluate(bundle: Bundle, images: Images, split: Literal["val", "test"], progress: Progress) -> Evaluation:
    """Runs a bundle over pictures of the library.

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
    return measure(raw, manifest.labels, images, manifest.calibration.temperature, split)


def measure(
    raw: Raw, labels: tuple[str, ...], images: Images, temperature: float, split: Literal["val", "test"]
) -> Evaluation:
    """Figures for raw outputs of `images`. The interval is Wilson's (1927), 95 %."""
    index = {label: i for i, label in enumerate(labels)}
    targets = np.array([index[str(image.label)] for image in images])
    scores = softmax(raw.logits / np.float32(temperature)).astype(np.float64)
    answers = scores.argmax(axis=1)
    every = list(range(len(labels)))
    precision, recall, f1, pictures = precision_recall_fscore_support(
        targets, answers, labels=every, zero_division=0.0
    )
    right = int((answers == targets).sum())
    interval = binomtest(right, len(targets)).proportion_ci(method="wilson")
    shown = pictures > 0
    metrics = Metrics(
        split=split,
        pictures=len(targets),
        accuracy=right / len(targets),
        accuracy_interval=(float(interval.low), float(interval.high)),
        macro_f1=float(f1[shown].mean()),
        log_loss=float(log_loss(targets, scores / scores.sum(axis=1, keepdims=True), labels=every)),
        fingerprint=fingerprint(images),
    )
    per_label = tuple(
        LabelReport(labels[i], float(precision[i]), float(recall[i]), float(f1[i]), int(pictures[i]))
        for i in every
    )
    return Evaluation(metrics, per_label, confusion_matrix(targets, answers, labels=every))
