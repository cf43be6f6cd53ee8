"""How much one split decides: the probe on several splits of the same pictures, each by a seed of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.prediction import novelty_of, softmax
from backend.inference.runtime import Raw
from databases import library, registry
from databases.library import LibraryImage
from training.calibration import calibrate
from training.indexing import read_features
from training.ingestion.run import SplitPlan
from training.ingestion.splitting import assign_splits
from training.metrics import expected_calibration_error
from training.networks.efficientnet_lite0 import animal_logit_of
from training.novelty import attainable_refusals, fit_novelty
from training.probe import fit_probe
from training.starter import VERSION

SEEDS = range(10)


@dataclass(frozen=True)
class Splits:
    """`accuracies` on test, one a seed; `calibration_error` of all their test answers together, and the share
    of these pictures that is refused."""

    accuracies: tuple[float, ...]
    calibration_error: float
    false_refusals: float

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
    scores, targets, refused = (np.concatenate(parts) for parts in zip(*answered, strict=True))
    return Splits(
        accuracies=tuple(float((s.argmax(axis=1) == t).mean()) for s, t, _ in answered),
        calibration_error=expected_calibration_error(scores, targets),
        false_refusals=float(refused.mean()),
    )


def _answer(
    images: Sequence[LibraryImage], features: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]]:
    """For each seed the test pictures' calibrated scores [n, labels], the right labels [n], and which of them
    are refused [n]."""
    labels = sorted({str(image.label) for image in images})
    targets = np.array([labels.index(str(image.label)) for image in images])
    contents = np.array([image.shown for image in images])
    gate = animal_logit_of(features)
    for seed in SEEDS:
        test = _drawn(images, seed)
        fit = fit_probe(features[~test], targets[~test], list(contents[~test]), seed)
        temperature = calibrate(fit.held_out, targets[~test], "cross-validation").temperature
        learnt, unseen = (Raw(gate[rows, None], features[rows], gate[rows]) for rows in (~test, test))
        references, novelty = fit_novelty(learnt, list(contents[~test]), None)
        strange = novelty_of(references.strangeness(unseen), np.array(novelty.quantiles))
        scores = softmax(fit.head.logits(features[test]) / np.float32(temperature))
        refused = strange > 1 - attainable_refusals(novelty.pictures, gated=True)
        yield scores, targets[test], refused


def _drawn(images: Sequence[LibraryImage], seed: int) -> NDArray[np.bool_]:
    """Which pictures an ingest of today with this seed would hold back for the test, bool [n]."""
    plan = SplitPlan(seed=seed)
    shares = {"train": 1 - plan.val - plan.test, "val": plan.val, "test": plan.test}
    splits = assign_splits([replace(image, split=None) for image in images], shares, seed)
    return np.array([splits[image.id] == "test" for image in images])
