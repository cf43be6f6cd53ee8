"""Choosing how to train."""

import pytest

from training.errors import BadRecipe
from training.methods import check_recipe
from training.networks.catalogue import STRATEGIES, strategies_of
from training.recipe import Recipe


@pytest.mark.parametrize("architecture", [*STRATEGIES, "timm:resnet10t", "clip:openai/clip-vit-base-patch32"])
def test_every_architecture_has_a_strategy_by_default(architecture: str) -> None:
    check_recipe(Recipe(architecture=architecture, strategy=strategies_of(architecture)[0]))


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (Recipe(architecture="simple_cnn"), "simple_cnn cannot be trained by 'probe'; there are: scratch"),
        (
            Recipe(architecture="simple_cnn", strategy="scratch", size=96),
            "--size: simple_cnn sees pictures of one size; efficientnet_lite0, efficientnet_b0, ",
        ),
        (Recipe(architecture="resnet"), "unknown architecture 'resnet'; there are: simple_cnn, "),
        (
            Recipe(architecture="resnet18", strategy="scratch", weights="w.pth"),
            "not with scratch",
        ),
    ],
)
def test_what_does_not_fit_together_names_what_does(recipe: Recipe, message: str) -> None:
    with pytest.raises(BadRecipe, match=message):
        check_recipe(recipe)
