"""What a trial is worth, in the same figures whatever the method."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.calibration import calibrate, mean_log_loss
from training.metrics import macro_f1

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Figures:
    """What a trial came to on val. The loss is the mean log loss after calibration on the same pictures, as a
    bundle's scores are calibrated: before it, the losses of a probe and of smoothed labels say nothing."""

    val_loss: float
    val_accuracy: float
    val_f1: float


def judge(logits: Logits, targets: NDArray[np.int64]) -> Figures:
    """The figures of logits float32 [n, labels], for the right labels int64 [n]."""
    answers = logits.argmax(axis=1)
    temperature = calibrate(logits, targets, "val").temperature
    return Figures(
        val_loss=mean_log_loss(logits / np.float32(temperature), targets),
        val_accuracy=float((answers == targets).mean()),
        val_f1=macro_f1(answers, targets, logits.shape[1]),
    )
