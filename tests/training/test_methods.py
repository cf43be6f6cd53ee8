"""Choosing how to train."""

import pytest

from training.errors import TrainingError
from training.methods import METHODS, Recipe, default_strategy, find_method


@pytest.mark.parametrize(("architecture", "strategy"), METHODS)
def test_every_architecture_has_a_strategy_by_default(architecture: str, strategy: str) -> None:
    assert default_strategy(architecture) == strategy
    assert find_method(Recipe(architecture, strategy)) is METHODS[architecture, strategy]


def test_what_does_not_fit_together_names_what_does() -> None:
    with pytest.raises(TrainingError, match="no such method: simple_cnn with probe; there are: efficientnet"):
        find_method(Recipe("simple_cnn", "probe"))
    strategy = default_strategy("resnet")
    with pytest.raises(TrainingError, match="no such method: resnet with any strategy"):
        find_method(Recipe("resnet", strategy))
