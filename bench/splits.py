"""How much one split decides: the probe on several splits of the same pictures, each by a seed of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.prediction import softmax
from databases import library, registry
from databases.library import LibraryImage
from training.calibration import calibrate
from training.indexing import read_features
from training.ingestion.run import SplitPlan
from training.ingestion.splitting import assign_splits
from training.metrics import expected_calibration_error
from training.probe import fit_probe
from training.starter import VERSION

SEEDS = range(10)


@dataclass(frozen=True)
class Splits:
    """`accuracies` on test, one a seed; `calibration_error` of all their test answers together."""

    accuracies: tuple[float, ...]
    calibration_error: float

    @property
    def mean(self) -> float:
        return float(np.mean(self.accuracies))


def try_splits(engine: Engine, task: str) -> Splits:
    """Splits the task's pictures by each of SEEDS, learns from train and val, and answers test.

    The task is indexed under the starter, as a probe of it leaves it.
    """
    with Session(engine) as session:
        images = library.task_images(session, task)
        starter = registry.get_model(session, VERSION)
    features = read_features(engine, starter, images)
    answered = list(_answer(images, features))
    scores, targets = (np.concatenate(parts) for parts in zip(*answered, strict=True))
    return Splits(
        accuracies=tuple(float((s.argmax(axis=1) == t).mean()) for s, t in answered),
        calibration_error=expected_calibration_error(scores, targets),
    )


def _answer(
    images: Sequence[LibraryImage], features: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """For each seed the test pictures' calibrated scores [n, labels] and the right labels [n]."""
    labels = sorted({str(image.label) for image in images})
    targets = np.array([labels.index(str(image.label)) for image in images])
    contents = np.array([image.sha256 for image in images])
    for seed in SEEDS:
        test = _drawn(images, seed)
        fit = fit_probe(features[~test], targets[~test], list(contents[~test]), seed)
        temperature = calibrate(fit.held_out, targets[~test], "cross-validation").temperature
        yield softmax(fit.head.logits(features[test]) / np.float32(temperature)), targets[test]


def _drawn(images: Sequence[LibraryImage], seed: int) -> NDArray[np.bool_]:
    """Which pictures an ingest of today with this seed would hold back for the test, bool [n]."""
    plan = SplitPlan(seed=seed)
    shares = {"train": 1 - plan.val - plan.test, "val": plan.val, "test": plan.test}
    splits = assign_splits([replace(image, split=None) for image in images], shares, seed)
    return np.array([splits[image.id] == "test" for image in images])
