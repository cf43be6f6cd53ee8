"""How good a bundle is: through the exported file, on pictures it was not trained on."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from backend.inference.bundle import Bundle
from backend.inference.manifest import Metrics
from backend.inference.prediction import softmax
from backend.inference.runtime import Raw
from training.calibration import expected_calibration_error
from training.dataset import Images, fingerprint
from training.errors import NoPictures
from training.pictures import run_model
from training.progress import Progress

WILSON_Z = 1.959963984540054  # the normal distribution's 97.5 % point


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
    """Figures for raw outputs of `images`."""
    index = {label: i for i, label in enumerate(labels)}
    targets = np.array([index[str(image.label)] for image in images])
    calibrated = softmax(raw.logits / np.float32(temperature))
    scores = calibrated.astype(np.float64)
    answers = scores.argmax(axis=1)
    every = list(range(len(labels)))
    precision, recall, f1, pictures = precision_recall_fscore_support(
        targets, answers, labels=every, zero_division=0.0
    )
    right = int((answers == targets).sum())
    shown = pictures > 0
    metrics = Metrics(
        split=split,
        pictures=len(targets),
        accuracy=right / len(targets),
        accuracy_interval=wilson_interval(right, len(targets)),
        macro_f1=float(f1[shown].mean()),
        log_loss=float(log_loss(targets, scores / scores.sum(axis=1, keepdims=True), labels=every)),
        fingerprint=fingerprint(images),
        ece=expected_calibration_error(calibrated, targets),
    ).model_copy(update=_grouped(answers == targets, [image.sha256 for image in images]))
    per_label = tuple(
        LabelReport(labels[i], float(precision[i]), float(recall[i]), float(f1[i]), int(pictures[i]))
        for i in every
    )
    return Evaluation(metrics, per_label, confusion_matrix(targets, answers, labels=every))


def wilson_interval(right: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share `right` / `n` by Wilson's score (1927); `right` need not be whole."""
    centre = (right + WILSON_Z**2 / 2) / (n + WILSON_Z**2)
    spread = WILSON_Z * math.sqrt(right * (n - right) / n + WILSON_Z**2 / 4) / (n + WILSON_Z**2)
    return max(0.0, centre - spread), min(1.0, centre + spread)


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
