"""All that is known of a bundle, gathered for its report."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from backend.inference.bundle import Bundle
from backend.inference.manifest import Manifest
from training.dataset import Dataset, Images
from training.evaluation import Evaluation, Measured, Scored, score, summarise
from training.metrics import (
    Bin,
    Coverage,
    Estimate,
    Share,
    coverage_curve,
    expected_calibration_error,
    macro_f1_estimate,
    reliability,
    wilson,
)
from training.progress import Progress
from training.reporting import answers
from training.reporting.curves import LabelCurves, label_curves, spread
from training.reporting.history import Epoch, read_history
from training.reporting.speed import Speed, measure_speed

# The training pictures only tell what was learnt by heart: this many say so within 2 points.
MOST_TRAIN = 2000


@dataclass(frozen=True)
class Taught:
    """Answers to pictures that the bundle learnt from: `sampled` of `available`."""

    sampled: int
    available: int
    right: Share
    confusion: NDArray[np.int64]


@dataclass(frozen=True)
class Trust:
    """Whether scores mean what they say, at one temperature."""

    temperature: float
    error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Headlines:
    """`confident`: the share of answers that reach the bundle's threshold; `right_when_confident`: of
    these."""

    accuracy: Share
    macro_f1: Estimate
    confident: Share
    right_when_confident: Share


@dataclass(frozen=True)
class Report:
    """What a report shows. `split` of `task` was measured; `suspects` are of it and of the training
    pictures."""

    manifest: Manifest
    task: str
    split: Measured
    evaluation: Evaluation
    headlines: Headlines
    taught: Taught | None
    history: tuple[Epoch, ...]
    curves: tuple[LabelCurves, ...]
    uncalibrated: Trust
    calibrated: Trust
    coverage: tuple[Coverage, ...]
    speed: Speed
    sample: tuple[answers.Answered, ...]
    mistakes: tuple[answers.LabelMistakes, ...]
    suspects: tuple[answers.Answered, ...]

    @property
    def learnt_from_val(self) -> bool:
        """Whether the bundle was fitted on the val split as well."""
        return self.manifest.calibration.fitted_on == "cross-validation"


def gather(bundle: Bundle, dataset: Dataset, split: Measured, scored: Scored, progress: Progress) -> Report:
    """A report on `scored`, which is what the bundle made of the data set's `split`."""
    manifest = bundle.manifest
    temperature = manifest.calibration.temperature
    scores = scored.scores(temperature)
    trained = _score_train(bundle, dataset, progress)
    answered = answers.answers_to(scored, manifest.labels, temperature)
    learnt = () if trained is None else answers.answers_to(trained, manifest.labels, temperature)
    coverage = coverage_curve(scores, scored.targets)
    with progress.track("Timing", 1) as advance:
        speed = measure_speed(bundle, scored.images)
        advance(1)
    return Report(
        manifest=manifest,
        task=dataset.task,
        split=split,
        evaluation=summarise(scored, manifest, split),
        headlines=_headlines(scored, manifest),
        taught=None if trained is None else _taught(trained, manifest, len(dataset.train)),
        history=read_history(manifest.training),
        curves=label_curves(manifest.labels, scores, scored.targets),
        uncalibrated=_trust(scored, 1.0),
        calibrated=_trust(scored, temperature),
        coverage=tuple(coverage[i] for i in spread(len(coverage))),
        speed=speed,
        sample=answers.fair_sample(answered),
        mistakes=answers.mistakes_by_label(answered),
        suspects=answers.suspects(answered + learnt),
    )


def _score_train(bundle: Bundle, dataset: Dataset, progress: Progress) -> Scored | None:
    known = tuple(image for image in dataset.train if image.label in bundle.manifest.labels)
    if not known:
        return None
    return score(bundle, _drawn(known), "train", progress)


def _drawn(images: Images) -> Images:
    if len(images) <= MOST_TRAIN:
        return images
    chosen = np.random.default_rng(0).choice(len(images), MOST_TRAIN, replace=False)
    return tuple(images[i] for i in sorted(chosen))


def _taught(trained: Scored, manifest: Manifest, available: int) -> Taught:
    right = int((trained.answers == trained.targets).sum())
    every = list(range(len(manifest.labels)))
    return Taught(
        sampled=len(trained.images),
        available=available,
        right=wilson(right, len(trained.images)),
        confusion=confusion_matrix(trained.targets, trained.answers, labels=every),
    )


def _headlines(scored: Scored, manifest: Manifest) -> Headlines:
    right = scored.answers == scored.targets
    best = scored.scores(manifest.calibration.temperature).max(axis=1)
    sure = best >= manifest.thresholds.confidence
    return Headlines(
        accuracy=wilson(int(right.sum()), len(right)),
        macro_f1=macro_f1_estimate(scored.answers, scored.targets, len(manifest.labels)),
        confident=wilson(int(sure.sum()), len(right)),
        right_when_confident=wilson(int(right[sure].sum()), int(sure.sum())),
    )


def _trust(scored: Scored, temperature: float) -> Trust:
    scores = scored.scores(temperature)
    return Trust(
        temperature=temperature,
        error=expected_calibration_error(scores, scored.targets),
        bins=reliability(scores, scored.targets),
    )
