"""Labels that are likely wrong, by confident learning.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 70):
probabilities of each picture under a model that was fitted without it, a threshold a label, and those
pictures that are confidently of another label than their own (the off-diagonal of the confident joint),
ranked by their margin (section 3).
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
    thresholds = np.array(
        [answers[targets == label, label].mean() for label in range(labels)] + [1 - LEAST_ANIMAL]
    )
    confident = np.where(answers >= thresholds, answers, -1)
    best = confident.argmax(axis=1)
    suspects = np.flatnonzero((confident.max(axis=1) >= 0) & (best != targets))
    found = [
        Suspicion(
            index=int(i),
            answer=None if best[i] == labels else int(best[i]),
            probability=float(answers[i, best[i]]),
            own_probability=float(answers[i, targets[i]]),
        )
        for i in suspects
    ]
    return sorted(found, key=lambda one: one.margin)
