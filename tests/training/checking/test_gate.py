"""Pictures that show no animal, by the starter's own weights."""

import numpy as np
import pytest
from numpy.typing import NDArray

from training.checking.gate import animal_probability, without_animal
from training.networks.efficientnet_lite0 import EfficientNetLite0

LION, SPORTS_CAR = 291, 817  # of ImageNet's classes


@pytest.fixture(scope="module")
def typical() -> dict[str, NDArray[np.float32]]:
    """Embeddings that the starter takes for a lion and for a car: its own weights for these."""
    weights = EfficientNetLite0().network.classifier.weight.detach().numpy()  # type: ignore[union-attr,operator]
    return {
        name: (weights[number] / np.linalg.norm(weights[number])).astype(np.float32)
        for name, number in (("lion", LION), ("car", SPORTS_CAR))
    }


def test_a_car_among_jaguars_shows_no_animal(typical: dict[str, NDArray[np.float32]]) -> None:
    embeddings = np.stack([typical[name] for name in ("lion", "car", "lion", "lion")])
    animal = animal_probability(embeddings, ["jaguar"] * 4)
    assert without_animal(animal) == [1]
    assert animal[0] > 0.9


def test_a_label_of_other_things_is_not_judged(typical: dict[str, NDArray[np.float32]]) -> None:
    embeddings = np.stack([typical[name] for name in ("lion", "lion", "car", "car", "car", "car", "lion")])
    animal = animal_probability(embeddings, ["lion", "lion", "lion", "car", "car", "car", None])
    assert without_animal(animal) == [2]
    assert (animal[3:6] == 1).all()
