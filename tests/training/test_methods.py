"""Choosing how to train."""

from typing import Literal

import pytest
import torch

from training.errors import BadRecipe
from training.methods import check_device, check_recipe
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


@pytest.mark.parametrize(
    ("device", "gpus", "message"),
    [
        ("cuda", 0, "--device cuda: PyTorch finds 0 such devices here"),
        ("cuda", 3, "--device cuda: PyTorch finds 3 such devices here"),
        ("auto", 3, "--device auto: 4 processes have 3 GPUs here, and each wants its own"),
    ],
)
def test_each_process_wants_a_gpu_of_its_own(
    device: Literal["cuda", "auto"], gpus: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.setenv(name, "4")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(BadRecipe, match=message):
        check_device(Recipe(architecture="simple_cnn", strategy="scratch", device=device))


def test_processes_that_have_a_gpu_each_or_none_may_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    for gpus in (0, 1):
        monkeypatch.setattr(torch.cuda, "device_count", lambda gpus=gpus: gpus)
        check_device(Recipe(architecture="simple_cnn", strategy="scratch"))
