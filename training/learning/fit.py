"""The loop: epochs until validation stops getting better, on one process or on many."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging

from training.dataset import Dataset
from training.learning.callbacks import Deadline, Settled, Teller, Watch, Watcher, in_words
from training.learning.checkpoints import Kept, WholeFiles
from training.learning.learner import History, Learner
from training.learning.loaders import Loaders, make_loaders
from training.learning.pixels import Stored, store_dataset
from training.learning.processes import Processes
from training.learning.rates import find_rate
from training.learning.runs import LAST, Run
from training.learning.trainer import make_trainer, stoppable, without_chatter
from training.learning.weighting import class_weights
from training.networks.backbone import Classifier
from training.progress import Progress
from training.recipe import Recipe

BEST, START = "best", "start.ckpt"


@dataclass(frozen=True)
class Learnt:
    """`best_epoch` is the one whose weights were kept, from 1; 0 is what the epochs began with. `recipe`:
    with the rate that was found, where that was asked for."""

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
        loaders = make_loaders(network, dataset, stored, recipe, processes)
        place = run.folder if run else Path(folder)
        last = run.last if run else None
        if recipe.strategy != "scratch" and last is None:
            _measure_start(learner, loaders, processes, place, progress)
        best = Kept(place, BEST, monitor=recipe.monitor, mode=_mode(recipe), enable_version_counter=False)
        callbacks: list[Callback] = [best]
        if watch is not None:
            callbacks.append(Watcher(watch))
        if recipe.time_limit:
            callbacks.append(Deadline(recipe.time_limit, begun))
        with progress.track("Training", recipe.epochs * len(loaders[0])) as advance, stoppable(learner):
            trainer = _trainer(recipe, processes, [*callbacks, Teller(progress, advance)], place)
            trainer.fit(learner, *loaders, ckpt_path=last, weights_only=True)
        best_epoch = _best_epoch(learner.history, recipe)
        if processes.first:
            _take(learner, place / START if best_epoch == 0 else Path(best.best_model_path))
    if best_epoch == 0:
        progress.tell("no epoch was better than the head that they began with: that is kept")
    return Learnt(learner.history, best_epoch, recipe)


def _measure_start(
    learner: Learner, loaders: Loaders, processes: Processes, place: Path, progress: Progress
) -> None:
    """Epoch 0: a head that was fitted on the features is a model already, and may stay the best."""
    _, val = loaders
    trainer = make_trainer(learner.recipe, processes, [], enable_checkpointing=False, inference_mode=False)
    with stoppable(learner):
        trainer.validate(learner, val, verbose=False)
    if processes.first:
        WholeFiles().save_checkpoint({"state_dict": learner.state_dict()}, place / START)
        progress.tell(f"epoch 0, the fitted head: {in_words(learner.history[-1])}")


def _trainer(
    recipe: Recipe, processes: Processes, callbacks: list[Callback], place: Path
) -> lightning.Trainer:
    callbacks += [EarlyStopping(recipe.monitor, mode=_mode(recipe), patience=recipe.patience), Settled()]
    if recipe.ema:
        callbacks.append(EMAWeightAveraging(decay=recipe.ema))
    callbacks.append(Kept(place, Path(LAST).stem, enable_version_counter=False))
    return make_trainer(recipe, processes, callbacks, max_epochs=recipe.epochs)


def _mode(recipe: Recipe) -> str:
    return "min" if recipe.monitor == "val_loss" else "max"


def _take(learner: Learner, checkpoint: Path) -> None:
    learner.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"])
    learner.network.cpu().eval()


def _best_epoch(history: History, recipe: Recipe) -> int:
    values = [float(str(row[recipe.monitor])) for row in history]
    best = values.index(min(values) if recipe.monitor == "val_loss" else max(values))
    return int(str(history[best]["epoch"]))
