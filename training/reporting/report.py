"""What a report shows, as data."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.certainty import Share
from backend.inference.manifest import Manifest
from training.evaluation import Evaluation, Measured
from training.metrics import Bin, Coverage, Resampled
from training.refusals import Refusals
from training.reporting.answers import Answered, LabelMistakes
from training.reporting.curves import LabelCurves
from training.reporting.history import Epoch
from training.reporting.speed import Speed
from training.retrieval import Retrieval


@dataclass(frozen=True)
class Taught:
    """Answers to pictures that the bundle learnt from: `sampled` of `available`. `library_changed`: there
    are others now than when it was trained."""

    sampled: int
    available: int
    library_changed: bool
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
    macro_f1: Resampled
    confident: Share
    right_when_confident: Share


@dataclass(frozen=True)
class Report:
    """What a report shows. `split` of `task` was measured; `suspects` are of it and of the training pictures,
    of which at most 2,000 are the gallery of `retrieval`, by embedding over all labels. `kept`: the epoch of
    the `history` whose weights these are, 0 for what the epochs began with."""

    manifest: Manifest
    task: str
    split: Measured
    evaluation: Evaluation
    headlines: Headlines
    taught: Taught | None
    history: tuple[Epoch, ...]
    kept: int | None
    curves: tuple[LabelCurves, ...]
    uncalibrated: Trust
    calibrated: Trust
    coverage: tuple[Coverage, ...]
    refusals: Refusals | None
    retrieval: Retrieval | None
    speed: Speed
    sample: tuple[Answered, ...]
    mistakes: tuple[LabelMistakes, ...]
    suspects: tuple[Answered, ...]

    @property
    def own_task(self) -> bool:
        """Whether the pictures are of the task that the bundle was trained for."""
        return self.task == self.manifest.task

    @property
    def learnt_from_val(self) -> bool:
        """Whether the bundle was fitted on the val split as well."""
        return self.manifest.calibration.fitted_on == "cross-validation"
