"""The batches of an epoch."""

from torch.utils.data import DataLoader

from backend.inference.cpu import available_cpus
from training.dataset import Dataset
from training.learning.augmentation import make_augmentation
from training.learning.pixels import Item, Pixels, Places, Stored
from training.learning.processes import Processes
from training.learning.weighting import sampling_weights
from training.networks.backbone import Classifier
from training.recipe import Recipe

Loaders = tuple[DataLoader[Item], DataLoader[Item]]
# Processes that prepare pictures pay off from here on; for fewer pictures starting them takes longer.
MANY_PICTURES = 256


def make_loaders(
    network: Classifier, dataset: Dataset, stored: Stored, recipe: Recipe, processes: Processes
) -> Loaders:
    """The batches of training, shuffled and augmented, and those of validation as serving sees them; this
    process's share of both. None is of one picture, of which batch norm learns nothing, or is an error: that
    picture is left out, another one in each epoch."""
    augment = make_augmentation(recipe.augmentation, network.backbone.anatomy.preprocessing.size)
    learnt = Pixels(stored.train, dataset.targets(dataset.train), augment, recipe.seed)
    weights = sampling_weights(dataset) if recipe.balanced_sampling else None
    held = Pixels(stored.val, dataset.targets(dataset.val), None, recipe.seed)
    rank, count = processes.rank, processes.all
    shuffled = Places(len(learnt), rank=rank, processes=count, seed=recipe.seed, weights=weights)
    in_order = Places(len(held), rank=rank, processes=count, seed=None)
    one_is_left = len(shuffled) > 1 and len(shuffled) % recipe.batch_size == 1
    return (
        _loader(learnt, shuffled, recipe, drop_last=one_is_left),
        _loader(held, in_order, recipe, drop_last=False),
    )


def _loader(pixels: Pixels, places: Places, recipe: Recipe, *, drop_last: bool) -> DataLoader[Item]:
    workers = min(2, available_cpus()) if len(pixels) >= MANY_PICTURES else 0
    return DataLoader(
        pixels,
        batch_size=recipe.batch_size,
        sampler=places,
        drop_last=drop_last,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
