"""The ways to train: each takes a data set and hands over a network that can be published."""

from collections import Counter
from collections.abc import Iterable, Set
from pathlib import Path
from typing import TYPE_CHECKING

from training.dataset import Dataset
from training.errors import BadRecipe, NoPictures, WeightsUnavailable
from training.learning.processes import Processes
from training.networks.catalogue import RESIZABLE, TIMM, strategies_of
from training.recipe import OF_ANY, ONLY_FOR, WITHOUT_EPOCHS, Recipe, option
from training.workshop import Workshop

if TYPE_CHECKING:
    from training.trained import Trained


def check_recipe(recipe: Recipe) -> None:
    """Raises BadRecipe where no such network exists, or the strategy does not fit it."""
    fitting = strategies_of(recipe.architecture)
    if recipe.strategy not in fitting:
        raise BadRecipe(
            f"{recipe.architecture} cannot be trained by {recipe.strategy!r}; there are: {', '.join(fitting)}"
        )
    if recipe.find_lr and recipe.strategy in WITHOUT_EPOCHS:
        raise _of_the_epochs("find_lr", recipe)
    if recipe.size is not None and recipe.architecture not in RESIZABLE:
        raise BadRecipe(
            f"--size: {recipe.architecture} sees pictures of one size; {', '.join(RESIZABLE)} see any"
        )
    if recipe.weights is not None and recipe.strategy == "scratch":
        raise BadRecipe("--weights goes with a pretrained strategy, not with scratch")


def check_typed(recipe: Recipe, typed: Iterable[str]) -> None:
    """Raises BadRecipe where one of the options `typed` would change nothing: nobody types it for that."""
    typed = set(typed)
    if recipe.strategy in WITHOUT_EPOCHS:
        _check_without_epochs(recipe, typed)
    for name, strategies in ONLY_FOR.items():
        if name in typed and recipe.strategy not in strategies:
            raise BadRecipe(
                f"{option(name)} is of {' and '.join(strategies)}, not of {recipe.strategy!r}: leave one of "
                "them out"
            )
    if "warmup" in typed and recipe.warmup and recipe.schedule == "plateau":
        raise BadRecipe("--warmup is of the other schedules, not of 'plateau': leave one of them out")


def _check_without_epochs(recipe: Recipe, typed: Set[str]) -> None:
    if idle := sorted(typed - OF_ANY):
        raise _of_the_epochs(idle[0], recipe)
    if "device" in typed and recipe.device not in ("auto", "cpu"):
        raise BadRecipe(
            f"--device {recipe.device} is of the epochs, and {recipe.strategy!r} has none: it runs on the "
            "CPU; say --strategy finetune, or leave it out"
        )


def _of_the_epochs(name: str, recipe: Recipe) -> BadRecipe:
    return BadRecipe(
        f"{option(name)} is of the epochs, and {recipe.strategy!r} has none: say --strategy finetune, or "
        "leave it out"
    )


def check_weights(path: Path | None) -> None:
    """Raises WeightsUnavailable where there is nothing at `path`: before anything else is begun."""
    if path is not None and not path.exists():
        raise WeightsUnavailable(f"there is no file or folder of weights at {path}")


def check_device(recipe: Recipe) -> None:
    """Raises BadRecipe where the epochs cannot run on the device that a recipe names, or by its precision."""
    processes = Processes.of_environment().local
    plain = recipe.device == "cpu" or (recipe.device == "auto" and processes == 1)
    if plain and recipe.precision != "16":
        return
    import torch

    there, mps = torch.cuda.device_count(), torch.backends.mps.is_available()
    if recipe.device == "cuda" and there < processes:
        raise BadRecipe(f"--device cuda: PyTorch finds {there} such devices here; say --device cpu, or auto")
    if recipe.device == "auto" and recipe.strategy not in WITHOUT_EPOCHS and 0 < there < processes:
        raise BadRecipe(
            f"--device auto: {processes} processes have {there} GPUs here, and each wants its own; start as "
            "many processes as there are GPUs, or say --device cpu"
        )
    if recipe.device == "mps" and not mps:
        raise BadRecipe("--device mps: PyTorch finds no such device here; say --device cpu, or auto")
    on_cpu = recipe.device == "cpu" or (recipe.device == "auto" and not there and not mps)
    if recipe.precision == "16" and on_cpu:
        raise BadRecipe(
            "--precision 16 is of GPUs, and this runs on the CPU: say bf16 or 32, or leave it out"
        )


def check_begin(dataset: Dataset, recipe: Recipe) -> None:
    """Whether `recipe` can be begun with: all that is known before anything is fetched, read or written.

    Raises:
        BadRecipe: it asks for what does not exist or does not fit together.
        NoPictures: a label has too few to learn from.
    """
    check_recipe(recipe)
    if recipe.architecture.startswith(TIMM):
        from training.networks.timm_networks import check_known

        check_known(recipe.architecture, pretrained=recipe.strategy != "scratch" and recipe.weights is None)
    check_device(recipe)
    _check_pictures(dataset, recipe)
    if recipe.strategy not in WITHOUT_EPOCHS:
        from training.learning.weighting import check_labels

        check_labels(recipe, dataset.labels)


def train(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> "Trained | None":
    """Trains by `recipe`. None in other processes than the first.

    Raises:
        BadRecipe: it asks for what does not exist or does not fit together.
        NoPictures: a label has too few to learn from.
        WeightsUnavailable: pretrained weights cannot be had.
        Interrupted: somebody pressed Ctrl-C.
    """
    from training.publishing import open_draft

    check_begin(dataset, recipe)
    first = Processes.of_environment().first
    if first:
        with open_draft(workshop.bundles):  # whether one can be made, before hours are spent
            pass
    if recipe.strategy not in WITHOUT_EPOCHS:
        from training.learning.method import learn  # and Lightning, which takes seconds to import

        return learn(workshop, dataset, recipe)
    return _fit_head(workshop, dataset, recipe) if first else None


def _fit_head(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> "Trained":
    from training.probing import probe, probe_starter, zero_shot

    if recipe.strategy == "zero-shot":
        return zero_shot(workshop, dataset, recipe)
    if recipe.starts_from_starter:
        return probe_starter(workshop, dataset, recipe)
    return probe(workshop, dataset, recipe)


def _check_pictures(dataset: Dataset, recipe: Recipe) -> None:
    if recipe.strategy == "zero-shot":
        return
    learnt_from = dataset.train + dataset.val if recipe.strategy == "probe" else dataset.train
    different = Counter(label for label, _ in {(image.label, image.shown) for image in learnt_from})
    if lonely := [label for label in dataset.labels if different[label] < 2]:
        raise NoPictures(
            f"label {lonely[0]!r} has fewer than two different pictures to learn from: add some, or take its "
            "folder away, and run menagerie ingest again"
        )
