"""The ways to train: each takes a data set and hands over a network that can be published."""

from training.dataset import Dataset
from training.errors import BadRecipe
from training.learning.processes import Processes
from training.networks.catalogue import strategies_of
from training.recipe import Recipe
from training.trained import Trained
from training.workshop import Workshop


def check_recipe(recipe: Recipe) -> None:
    """Raises BadRecipe where no such network exists, or the strategy does not fit it."""
    fitting = strategies_of(recipe.architecture)
    if recipe.strategy not in fitting:
        raise BadRecipe(
            f"{recipe.architecture} cannot be trained by {recipe.strategy!r}; there are: {', '.join(fitting)}"
        )
    if recipe.weights is not None and recipe.strategy == "scratch":
        raise BadRecipe("--weights goes with a pretrained strategy, not with scratch")


def train(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> Trained | None:
    """Trains by `recipe`. None in other processes than the first.

    Raises:
        BadRecipe: it asks for what does not exist or does not fit together.
        WeightsUnavailable: pretrained weights cannot be had.
        Interrupted: somebody pressed Ctrl-C.
    """
    from training.learning.method import learn
    from training.probing import probe, probe_starter, zero_shot

    check_recipe(recipe)
    _check_device(recipe)
    if recipe.strategy in ("probe", "zero-shot") and not Processes.of_environment().first:
        return None
    if recipe.strategy == "zero-shot":
        return zero_shot(workshop, dataset, recipe)
    if recipe.strategy != "probe":
        return learn(workshop, dataset, recipe)
    if recipe.architecture == "efficientnet_lite0" and recipe.weights is None:
        return probe_starter(workshop, dataset, recipe)
    return probe(workshop, dataset, recipe)


def _check_device(recipe: Recipe) -> None:
    import torch

    there = torch.cuda.device_count()
    if recipe.device == "cuda" and there < Processes.of_environment().local:
        raise BadRecipe(f"--device cuda: PyTorch finds {there} such devices here; say --device cpu, or auto")
    if recipe.device == "mps" and not torch.backends.mps.is_available():
        raise BadRecipe("--device mps: PyTorch finds no such device here; say --device cpu, or auto")
