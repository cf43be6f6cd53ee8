"""The ways to train: each takes a data set and hands over a network that can be published."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from training.dataset import Dataset
from training.errors import TrainingError
from training.indexing import index, read_features
from training.pictures import read_pixels
from training.progress import Progress
from training.publishing import HeldOut, Trained
from training.starter import ensure_starter


@dataclass(frozen=True)
class Recipe:
    """What may be chosen. `epochs` is an upper limit, for networks that are trained in epochs."""

    architecture: str = "efficientnet_lite0"
    strategy: str = "probe"
    epochs: int = 40
    seed: int = 0


@dataclass(frozen=True)
class Workshop:
    """What a method works with: the database, the folder of bundles, and whom to tell of progress."""

    engine: Engine
    bundles: Path
    progress: Progress


Method = Callable[[Workshop, Dataset, Recipe], Trained]


def find_method(recipe: Recipe) -> Method:
    """Raises TrainingError, naming what there is, where no method fits the recipe."""
    try:
        return METHODS[recipe.architecture, recipe.strategy]
    except KeyError:
        known = ", ".join(f"{architecture} with {strategy}" for architecture, strategy in METHODS)
        asked = f"{recipe.architecture} with {recipe.strategy}"
        raise TrainingError(f"no such method: {asked}; there are: {known}") from None


def probe_efficientnet(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> Trained:
    """Features once, by the starter, kept as its embeddings; then a linear head on them.

    The head learns from train and val together: its strength and its calibration come from
    cross-validation, so that val need not be held back for them.
    """
    import torch

    from training import efficientnet
    from training.probe import fit_probe

    starter = ensure_starter(workshop.engine, workshop.bundles, workshop.progress)
    index(workshop.engine, workshop.bundles, starter, dataset.task, workshop.progress)
    images = dataset.train + dataset.val
    targets = np.array(dataset.targets(images))
    with workshop.progress.track("Fitting the head", 1) as advance:
        features = read_features(workshop.engine, starter, images)
        fit = fit_probe(features, targets, [image.sha256 for image in images], recipe.seed)
        advance(1)
    weight, bias = torch.from_numpy(fit.head.weight), torch.from_numpy(fit.head.bias)
    return Trained(
        module=efficientnet.Probe(efficientnet.EfficientNetLite0(), weight, bias),
        preprocessing=efficientnet.PREPROCESSING,
        embedding_size=efficientnet.EMBEDDING_SIZE,
        architecture=efficientnet.ARCHITECTURE,
        embedder=starter.embedder,
        facts={
            "strategy": recipe.strategy,
            "seed": recipe.seed,
            "strength": fit.strength,
            "cross_validated_log_loss": fit.log_loss,
        },
        held_out=HeldOut(fit.held_out, targets),
    )


def scratch_simple_cnn(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> Trained:
    """The small network, from random weights."""
    from training import simple_cnn

    spec = simple_cnn.PREPROCESSING
    with workshop.progress.track("Reading pictures", len(dataset.train) + len(dataset.val)) as advance:
        train = read_pixels(dataset.train, spec, advance), dataset.targets(dataset.train)
        val = read_pixels(dataset.val, spec, advance), dataset.targets(dataset.val)
    with (
        tempfile.TemporaryDirectory() as checkpoints,
        workshop.progress.track("Training", recipe.epochs) as advance,
    ):
        network, facts = simple_cnn.fit(
            train,
            val,
            len(dataset.labels),
            epochs=recipe.epochs,
            seed=recipe.seed,
            checkpoints=Path(checkpoints),
            advance=advance,
        )
    return Trained(
        module=network,
        preprocessing=spec,
        embedding_size=simple_cnn.EMBEDDING_SIZE,
        architecture=simple_cnn.ARCHITECTURE,
        embedder=None,
        facts={"strategy": recipe.strategy, "seed": recipe.seed, **facts},
    )


METHODS: dict[tuple[str, str], Method] = {
    ("efficientnet_lite0", "probe"): probe_efficientnet,
    ("simple_cnn", "scratch"): scratch_simple_cnn,
}


def default_strategy(architecture: str) -> str:
    """The first strategy that fits an architecture."""
    return next((strategy for known, strategy in METHODS if known == architecture), "any strategy")
