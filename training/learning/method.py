"""Training in epochs, as a method: from a recipe to a network that can be published."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from functools import partial

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue

from training.dataset import Dataset, Images
from training.learning.fit import Learnt, fit
from training.learning.processes import Processes
from training.learning.run import Run
from training.learning.runs import begin_run, working_on
from training.networks.backbone import Backbone, Classifier
from training.networks.catalogue import build_backbone
from training.networks.weights import Weights
from training.probe import fit_probe
from training.probing import features_of, packed, probe_of, starter_features
from training.recipe import Recipe
from training.tracking.messages import Epoch, Kept
from training.trained import Trained
from training.workshop import Workshop


def learn(workshop: Workshop, dataset: Dataset, recipe: Recipe) -> Trained | None:
    """Trains in epochs, early stopping on val. None in other processes than the first."""
    processes = Processes.of_environment()
    with ExitStack() as held:
        run = held.enter_context(_held(_run(workshop, dataset, recipe, processes), processes))
        if run is not None:
            workshop.track(Kept(run.folder.name))
        begun = run is not None and run.last is not None
        features = None if begun else partial(_features, workshop, dataset, recipe, images=dataset.train)
        network = make_network(dataset, recipe, features)
        lightning.seed_everything(recipe.seed, verbose=False)
        learnt = fit(network, dataset, recipe, run, workshop.progress, watch=partial(_track, workshop))
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        if not processes.first:
            return None
        trained = _trained(workshop, dataset, recipe, network, learnt)
        return replace(trained, run=run, held=held.pop_all())


def _trained(
    workshop: Workshop, dataset: Dataset, recipe: Recipe, network: Classifier, learnt: Learnt
) -> Trained:
    facts = learnt.recipe.facts() | _facts(learnt)
    if learnt.best_epoch > 0 or recipe.strategy == "scratch":
        return packed(network, recipe, facts)
    # The head that the epochs began with stays. So that val could judge, it was fitted without it: no longer.
    images = dataset.train + dataset.val
    known = _features(workshop, dataset, recipe, network.backbone, images)
    trained = probe_of(network.backbone, known, workshop, dataset, recipe)
    return replace(trained, facts=trained.facts | facts)


def _track(workshop: Workshop, figures: Mapping[str, JsonValue]) -> None:
    workshop.track(Epoch({name: float(str(value)) for name, value in figures.items()}))


def _run(workshop: Workshop, dataset: Dataset, recipe: Recipe, processes: Processes) -> Run | None:
    unfinished = workshop.unfinished
    if not processes.first:  # these read the checkpoint that it goes on from, and write nothing
        return unfinished if unfinished is not None and unfinished.last is not None else None
    return unfinished or begin_run(workshop.runs, dataset.task, recipe, dataset.fingerprint, processes.job)


def _held(run: Run | None, processes: Processes) -> AbstractContextManager[Run | None]:
    return working_on(run) if run is not None and processes.first else nullcontext(run)


def make_network(
    dataset: Dataset, recipe: Recipe, features: Callable[[Backbone], NDArray[np.float32]] | None
) -> Classifier:
    """What the epochs begin with.

    `features` gives embeddings float32 [n, features] of the train pictures, for a pretrained network's first
    head; None where a checkpoint will bring the head.
    """
    pretrained = recipe.strategy != "scratch"
    lightning.seed_everything(recipe.seed, verbose=False)
    backbone = build_backbone(recipe.architecture, Weights(pretrained, recipe.weights), recipe.size)
    network = Classifier(backbone, len(dataset.labels), dropout=recipe.dropout, cosine=pretrained)
    if pretrained and features is not None:
        # Linear probing, then fine-tuning: a head that fits already keeps the first steps from distorting the
        # features (Kumar et al. 2022, arXiv:2202.10054).
        targets = np.array(dataset.targets(dataset.train))
        contents = [image.shown for image in dataset.train]
        head = fit_probe(features(backbone), targets, contents, recipe.seed).head
        network.set_head(torch.from_numpy(head.weight), torch.from_numpy(head.bias))
    return network


def _features(
    workshop: Workshop, dataset: Dataset, recipe: Recipe, backbone: Backbone, images: Images
) -> NDArray[np.float32]:
    if recipe.starts_from_starter and not Processes.of_environment().all > 1:
        return starter_features(workshop, dataset, images)
    return features_of(backbone.eval(), images, workshop.progress)


def _facts(learnt: Learnt) -> dict[str, JsonValue]:
    return {"history": [dict(row) for row in learnt.history], "best_epoch": learnt.best_epoch}
