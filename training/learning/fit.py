"""The loop: epochs until validation stops getting better, on one process or on many."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging

from training.dataset import Dataset
from training.errors import Interrupted
from training.learning.callbacks import Deadline, Settled, Teller, Watch, Watcher
from training.learning.checkpoints import Kept
from training.learning.learner import History, Learner
from training.learning.loaders import Loaders, make_loaders
from training.learning.pixels import Stored, store_dataset
from training.learning.processes import Processes
from training.learning.rates import find_rate
from training.learning.runs import LAST, Run
from training.learning.trainer import make_trainer, without_chatter
from training.learning.weighting import class_weights
from training.networks.backbone import Classifier
from training.progress import Progress
from training.recipe import Recipe

BEST = "best"


@dataclass(frozen=True)
class Learnt:
    """`best_epoch` is the one whose weights were kept, from 1. `recipe`: with the rate that was found, where
    that was asked for."""

    history: History
    best_epoch: int
    recipe: Recipe


def fit(
    network: Classifier,
    dataset: Dataset,
    recipe: Recipe,
    run: Run | None,
    progress: Progress,
    *,
    stored: Stored | None = None,
    watch: Watch | None = None,
) -> Learnt:
    """Trains `network` in place and leaves it with the weights of the epoch that `recipe.monitor` found best.

    `run` keeps the checkpoints, and is gone on with where it holds any; None in other processes than the
    first. `stored`: the pictures, where they were decoded already. `watch` is shown each epoch.

    Raises:
        Interrupted: somebody pressed Ctrl-C; the run can be resumed.
    """
    processes = Processes.of_environment()
    with tempfile.TemporaryDirectory(dir=run.folder if run else None) as folder, without_chatter():
        spec = network.backbone.anatomy.preprocessing
        stored = stored or store_dataset(dataset, spec, Path(folder), progress)
        begun = time.monotonic()
        if recipe.find_lr:
            recipe = find_rate(network, dataset, stored, recipe, progress)
            if run is not None:
                run.note(recipe)
        targets = torch.tensor(dataset.targets(dataset.train))
        learner = Learner(network, recipe, class_weights(recipe, dataset.labels, targets))
        train, val = make_loaders(network, dataset, stored, recipe, processes)
        with progress.track("Training", recipe.epochs * len(train)) as advance:
            best = Kept(
                run.folder if run else folder,
                BEST,
                monitor=recipe.monitor,
                mode=_mode(recipe),
                enable_version_counter=False,
            )
            callbacks: list[Callback] = [best, Teller(progress, advance)]
            if watch is not None:
                callbacks.append(Watcher(watch))
            if recipe.time_limit:
                callbacks.append(Deadline(recipe.time_limit, begun))
            trainer = _trainer(recipe, processes, callbacks, run, folder)
            _run(trainer, learner, (train, val), run)
        if processes.first:
            _take_best(learner, best)
    return Learnt(learner.history, _best_epoch(learner.history, recipe), recipe)


def _run(trainer: lightning.Trainer, learner: Learner, loaders: Loaders, run: Run | None) -> None:
    train, val = loaders
    try:
        trainer.fit(learner, train, val, ckpt_path=run.last if run else None, weights_only=True)
    except SystemExit:  # how Lightning ends after Ctrl-C
        raise Interrupted(
            f"stopped after {len(learner.history)} epochs; to go on: menagerie train --resume"
        ) from None


def _trainer(
    recipe: Recipe, processes: Processes, callbacks: list[Callback], run: Run | None, folder: str
) -> lightning.Trainer:
    callbacks += [EarlyStopping(recipe.monitor, mode=_mode(recipe), patience=recipe.patience), Settled()]
    if recipe.ema:
        callbacks.append(EMAWeightAveraging(decay=recipe.ema))
    last = Path(LAST).stem
    callbacks.append(Kept(run.folder if run else folder, last, enable_version_counter=False))
    return make_trainer(recipe, processes, callbacks, max_epochs=recipe.epochs)


def _mode(recipe: Recipe) -> str:
    return "min" if recipe.monitor == "val_loss" else "max"


def _take_best(learner: Learner, best: Kept) -> None:
    if best.best_model_path:
        state = torch.load(best.best_model_path, map_location="cpu", weights_only=True)["state_dict"]
        learner.load_state_dict(state)
    learner.network.cpu().eval()


def _best_epoch(history: History, recipe: Recipe) -> int:
    values = [float(str(row[recipe.monitor])) for row in history]
    return 1 + values.index(min(values) if recipe.monitor == "val_loss" else max(values))
