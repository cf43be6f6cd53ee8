"""Uneven label sets: weights of the loss and of the draw."""

import torch
from torch import Tensor

from training.dataset import Dataset
from training.errors import BadRecipe
from training.recipe import Recipe


def class_weights(recipe: Recipe, labels: tuple[str, ...], targets: Tensor) -> Tensor | None:
    """Weights of the loss, float32 [labels]: those of the recipe, or for `balanced` inverse to how often each
    label occurs, 1 on average over the pictures.

    Raises:
        BadRecipe: the recipe names a label that is not there.
    """
    given = recipe.class_weights
    if given is None:
        return None
    if given == "balanced":
        return len(targets) / (len(labels) * torch.bincount(targets, minlength=len(labels)).float())
    check_labels(recipe, labels)
    return torch.tensor([float(given.get(label, 1.0)) for label in labels])


def check_labels(recipe: Recipe, labels: tuple[str, ...]) -> None:
    """Raises BadRecipe where weights of the loss are given to a label that is not there."""
    given = recipe.class_weights
    if isinstance(given, dict) and (unknown := given.keys() - set(labels)):
        raise BadRecipe(f"class weights name {min(unknown)!r}; the labels are: {', '.join(labels)}")


def sampling_weights(dataset: Dataset) -> Tensor:
    """How likely each training picture is drawn, float64 [n], so that every label is drawn as often."""
    targets = torch.tensor(dataset.targets(dataset.train))
    return (1 / torch.bincount(targets, minlength=len(dataset.labels)).double())[targets]
