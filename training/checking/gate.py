"""Pictures that show no animal, by the starter's gate."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.inference.prediction import sigmoid
from training.networks.efficientnet_lite0 import animal_logit_of

# Of 399 photos of other things 98 % are below, of 102 of animals 1 %, and of 1,200 of cats and dogs in a
# shelter, with cages and towels, 0.6 %; below one half, 4.7 % of these.
LEAST_ANIMAL = 0.25


def animal_probability(embeddings: NDArray[np.float32], labels: Sequence[str | None]) -> NDArray[np.float64]:
    """The probability [n] that a picture shows an animal, by its embedding by the starter, float32 [n, size].

    It is 1 for all pictures of a label most of which rather show none: such a label is of something else, or
    of animals that the gate does not know.
    """
    animal = sigmoid(animal_logit_of(embeddings)).astype(np.float64)
    _, label = np.unique([label or "" for label in labels], return_inverse=True)
    told = np.array([np.median(animal[label == one]) >= 0.5 for one in range(label.max() + 1)])
    return np.where(told[label], animal, 1.0)


def without_animal(animal: NDArray[np.float64]) -> list[int]:
    """The indices of pictures that show no animal, the surest first."""
    return sorted(np.flatnonzero(animal < LEAST_ANIMAL).tolist(), key=lambda i: float(animal[i]))
