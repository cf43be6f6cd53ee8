"""Labels that are likely wrong, by confident learning.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 70),
section 3: probabilities of each picture under a model that was fitted without it, and a threshold a label,
tell how many pictures of each label are confidently of another (the confident joint, calibrated to what the
labels have). As many as that come to are suspect, by the margin between their own label and the likeliest
other. Of labels mistaken on purpose, 1 in 20 of two collections of photographs, that found 93 and 96 %, and
91 and 95 % of what it found were such; the confidently mistaken alone are 82 %, nearly all of them such.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.checking.gate import LEAST_ANIMAL

Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class Suspicion:
    """Picture `index` rather shows label `answer`, None where it shows no animal; the probabilities of that
    and of its own label."""

    index: int
    answer: int | None
    probability: float
    own_probability: float

    @property
    def margin(self) -> float:
        """-1 to 1, the lower the more suspect."""
        return self.own_probability - self.probability


def find_suspects(
    probabilities: Probabilities, targets: NDArray[np.int64], animal: Probabilities
) -> list[Suspicion]:
    """The pictures whose label is likely wrong, the most suspect first.

    `probabilities` [n, labels] are of pictures under models that were fitted without them, `targets` [n] the
    labels that they carry, `animal` [n] the probability that a picture shows an animal at all. "No animal" is
    one more answer beside the labels: a model that was taught that cars are jaguars does not doubt it. No
    picture carries it, so that its threshold is no mean but the gate's own.
    """
    labels = probabilities.shape[1]
    answers = np.column_stack([probabilities * animal[:, None], 1 - animal])
    every = np.arange(len(answers))
    own = answers[every, targets]
    others = answers.copy()
    others[every, targets] = -1
    best = others.argmax(axis=1)
    suspicions = [
        Suspicion(
            index=int(i),
            answer=None if best[i] == labels else int(best[i]),
            probability=float(others[i, best[i]]),
            own_probability=float(own[i]),
        )
        for i in np.flatnonzero(others.max(axis=1) > own)
    ]
    suspicions.sort(key=lambda one: one.margin)
    return suspicions[: _count_wrong(answers, targets)]


def _count_wrong(answers: Probabilities, targets: NDArray[np.int64]) -> int:
    """How many labels are likely wrong: what lies off the diagonal of the calibrated confident joint."""
    labels = answers.shape[1] - 1
    thresholds = [answers[targets == label, label].mean() for label in range(labels)] + [1 - LEAST_ANIMAL]
    confident = np.where(answers >= np.array(thresholds), answers, -1)
    counted = np.flatnonzero(confident.max(axis=1) >= 0)
    joint = np.zeros((labels, labels + 1))
    np.add.at(joint, (targets[counted], confident[counted].argmax(axis=1)), 1)
    of_label = np.bincount(targets, minlength=labels)
    joint *= (of_label / np.maximum(joint.sum(axis=1), 1))[:, None]
    return round(float(joint.sum() - joint.trace()))
