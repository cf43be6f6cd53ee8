"""What the pictures held back say of an exported network: calibration, thresholds, novelty, metrics."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from backend.inference.evidence import EVIDENCE
from backend.inference.manifest import (
    GOLDEN,
    MODEL,
    Agreement,
    Calibration,
    Metrics,
    Novelty,
    Serving,
    Thresholds,
)
from backend.inference.preprocessing import normalise
from backend.inference.runtime import OnnxModel, Raw
from training.calibration import calibrate, choose_confidence
from training.dataset import Dataset, Images, spread
from training.evaluation import measure
from training.explaining import evidence_for_likeliest
from training.exporting import golden_pixels, write_golden
from training.novelty import (
    MOST_REFERENCES,
    add_strangeness,
    attainable_refusals,
    fit_novelty,
)
from training.pictures import run_model
from training.progress import Progress
from training.trained import HeldOut, Trained

EXACT = Serving()


@dataclass(frozen=True)
class Fitted:
    """What a manifest tells of a network's worth."""

    calibration: Calibration
    thresholds: Thresholds
    metrics: Metrics | None
    novelty: Novelty | None = None
    agreement: Agreement | None = None
    serving: Serving = EXACT


@dataclass(frozen=True)
class _Outputs:
    """Raw outputs of pictures that were learnt from, `learnt_images`, and of those held back."""

    learnt: Raw
    learnt_images: Images
    val: Raw | None
    test: Raw | None


def fit(
    draft: Path,
    dataset: Dataset,
    trained: Trained,
    serving: Serving,
    target_precision: float,
    progress: Progress,
) -> Fitted:
    """Calibrates the file that serves, gives it its novelty, and measures it.

    Nothing but the metrics comes from the test split.
    """
    outputs = _run(OnnxModel(draft / serving.file), dataset, trained, progress)
    held_out = trained.held_out
    if held_out is None:
        assert outputs.val is not None
        held_out = HeldOut(outputs.val.logits, np.array(dataset.targets(dataset.val)))
    calibration = calibrate(
        held_out.logits, held_out.targets, "cross-validation" if trained.held_out else "val"
    )
    confidence = choose_confidence(
        held_out.logits, held_out.targets, calibration.temperature, target_precision
    )
    metrics = None
    if outputs.test is not None:
        metrics = measure(
            outputs.test,
            dataset.labels,
            dataset.test,
            calibration.temperature,
            "test",
            dataset.known_before("test"),
        ).metrics
    novelty = _give_novelty(draft, outputs, trained, serving)
    refusals = attainable_refusals(novelty.pictures, gated=outputs.learnt.animal_logit is not None)
    thresholds = Thresholds(
        confidence=confidence,
        novelty=1 - refusals,
        target_precision=target_precision,
        target_refusals=refusals,
    )
    return Fitted(calibration, thresholds, metrics, novelty, serving=serving)


def _run(model: OnnxModel, dataset: Dataset, trained: Trained, progress: Progress) -> _Outputs:
    spec = trained.preprocessing
    # Where the embedding was not trained, val is as good a reference as train.
    learnt = spread(dataset.train + dataset.val if trained.frozen else dataset.train, MOST_REFERENCES)
    val = () if trained.frozen else dataset.val
    with progress.track("Measuring", len(learnt) + len(val) + len(dataset.test)) as advance:
        return _Outputs(
            run_model(model, learnt, spec, advance),
            learnt,
            run_model(model, val, spec, advance) if val else None,
            run_model(model, dataset.test, spec, advance) if dataset.test else None,
        )


def _give_novelty(draft: Path, outputs: _Outputs, trained: Trained, serving: Serving) -> Novelty:
    contents = [image.shown for image in outputs.learnt_images]
    references, novelty = fit_novelty(outputs.learnt, contents, outputs.val)
    path = draft / serving.file
    add_strangeness(path, references)
    pixels = golden_pixels(trained.preprocessing.size)
    given = OnnxModel(path).run(normalise(pixels, trained.preprocessing), features=True)
    evidence = evidence_for_likeliest(draft, given)
    if serving.file == MODEL:
        # torch's own outputs stay what is expected; of the strangeness, what it says by numpy.
        with np.load(draft / GOLDEN, allow_pickle=False) as arrays:
            evidence = arrays.get(EVIDENCE)
            others = [name for name in arrays.files if name not in ("pixels", EVIDENCE)]
            given = replace(given, **{name: arrays[name] for name in others})
        given = replace(given, strangeness=references.strangeness(given))
    write_golden(draft, pixels, given, evidence)
    return novelty
