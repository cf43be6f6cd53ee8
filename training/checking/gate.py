"""Pictures that show no animal, by the starter's gate."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.inference.prediction import sigmoid
from training.networks.efficientnet_lite0 import animal_logit_of

NO_ANIMAL_FROM = 0.5  # the starter's own threshold: from there on no outweighs yes


def animal_probability(embeddings: NDArray[np.float32], labels: Sequence[str | None]) -> NDArray[np.float64]:
    """The probability [n] that a picture shows an animal, by its embedding by the starter, float32 [n, size].

    It is 1 for all pictures of a label most of which show none: such a label is of something else, or of
    animals that the gate does not know.
    """
    animal = sigmoid(animal_logit_of(embeddings)).astype(np.float64)
    _, label = np.unique([label or "" for label in labels], return_inverse=True)
    told = np.array([np.median(animal[label == one]) >= NO_ANIMAL_FROM for one in range(label.max() + 1)])
    return np.where(told[label], animal, 1.0)


def without_animal(animal: NDArray[np.float64]) -> list[int]:
    """The indices of pictures that show no animal, the surest first."""
    return sorted(np.flatnonzero(animal < NO_ANIMAL_FROM).tolist(), key=lambda i: float(animal[i]))
