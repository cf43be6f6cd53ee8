"""All that is known of a bundle, gathered for its report."""

import numpy as np
from sklearn.metrics import confusion_matrix

from backend.certainty import wilson
from backend.inference.bundle import Bundle
from backend.inference.manifest import Manifest
from training.dataset import Dataset, Images
from training.evaluation import Measured, Scored, score, summarise
from training.metrics import (
    coverage_curve,
    expected_calibration_error,
    macro_f1_estimate,
    reliability,
)
from training.progress import Progress
from training.refusals import Refusals
from training.reporting import answers
from training.reporting.curves import label_curves, spread
from training.reporting.history import read_history, read_kept
from training.reporting.report import Headlines, Report, Taught, Trust
from training.reporting.speed import measure_speed
from training.retrieval import Retrieval, retrieve, shelve

# The training pictures only tell what was learnt by heart: this many say so within 2 points.
MOST_TRAIN = 2000


def gather(
    bundle: Bundle,
    dataset: Dataset,
    split: Measured,
    scored: Scored,
    refusals: Refusals | None,
    progress: Progress,
) -> Report:
    """A report on `scored`, which is what the bundle made of the data set's `split`, and on its refusals."""
    manifest = bundle.manifest
    temperature = manifest.calibration.temperature
    scores = scored.scores(temperature)
    learnt_from = _learnt_from(manifest, dataset)
    known = dataset.known_before(split) if dataset.task == manifest.task else ()
    trained = score(bundle, drawn(learnt_from), "train", progress) if learnt_from else None
    answered = answers.answers_to(scored, manifest.labels, temperature)
    learnt = () if trained is None else answers.answers_to(trained, manifest.labels, temperature)
    coverage = coverage_curve(scores, scored.targets)
    changed = dataset.fingerprint != manifest.dataset_fingerprint
    with progress.track("Timing", 1) as advance:
        speed = measure_speed(bundle, scored.images)
        advance(1)
    return Report(
        manifest=manifest,
        task=dataset.task,
        split=split,
        evaluation=summarise(scored, manifest, split, known),
        headlines=_headlines(scored, manifest),
        taught=None if trained is None else _taught(trained, manifest, len(learnt_from), changed),
        history=read_history(manifest.training),
        kept=read_kept(manifest.training),
        curves=label_curves(manifest.labels, scores, scored.targets),
        uncalibrated=_trust(scored, 1.0),
        calibrated=_trust(scored, temperature),
        coverage=tuple(coverage[i] for i in spread(len(coverage))),
        refusals=refusals,
        retrieval=None if trained is None else _retrieval(scored, trained, manifest),
        speed=speed,
        sample=answers.fair_sample(answered),
        mistakes=answers.mistakes_by_label(answered),
        suspects=answers.suspects(answered + learnt),
    )


def _learnt_from(manifest: Manifest, dataset: Dataset) -> Images:
    """The train split, unless the bundle was taught another task."""
    if dataset.task != manifest.task:
        return ()
    return tuple(image for image in dataset.train if image.label in manifest.labels)


def drawn(images: Images) -> Images:
    """Pictures drawn at random where there are too many, the same ones each time, in their order."""
    if len(images) <= MOST_TRAIN:
        return images
    chosen = np.random.default_rng(0).choice(len(images), MOST_TRAIN, replace=False)
    return tuple(images[i] for i in sorted(chosen))


def _taught(trained: Scored, manifest: Manifest, available: int, library_changed: bool) -> Taught:
    right = int((trained.answers == trained.targets).sum())
    every = list(range(len(manifest.labels)))
    return Taught(
        sampled=len(trained.images),
        available=available,
        library_changed=library_changed,
        right=wilson(right, len(trained.images)),
        confusion=confusion_matrix(trained.targets, trained.answers, labels=every),
    )


def _retrieval(scored: Scored, trained: Scored, manifest: Manifest) -> Retrieval | None:
    queries, gallery = shelve(scored.images, trained.images, manifest.labels)
    return retrieve(scored.embedding, trained.embedding, queries, gallery)


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
