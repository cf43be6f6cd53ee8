"""The loop: epochs until validation stops getting better, on one process or on many."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging

from databases.places import Place
from training.dataset import Dataset
from training.errors import Diverged
from training.learning.callbacks import (
    Claimed,
    Deadline,
    Resumed,
    Settled,
    Teller,
    Watch,
    Watcher,
    in_words,
)
from training.learning.checkpoints import Kept, WholeFiles
from training.learning.learner import History, Learner
from training.learning.loaders import Loaders, make_loaders
from training.learning.pixels import Places, Stored, store_dataset
from training.learning.processes import Processes
from training.learning.rates import find_rate
from training.learning.run import LAST, Run
from training.learning.run_folders import folder_of_pixels
from training.learning.trainer import make_trainer, stoppable, without_chatter
from training.learning.weighting import class_weights
from training.networks.backbone import Classifier
from training.progress import Advance, Progress
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
        Diverged: the loss is no number any more, and was no better than a guess before.
    """
    processes = Processes.of_environment()
    with folder_of_pixels(run.folder if run else None, processes.rank) as folder, without_chatter():
        spec = network.backbone.anatomy.preprocessing
        stored = stored or store_dataset(dataset, spec, folder, progress)
        begun = time.monotonic()
        if recipe.find_lr:
            recipe = find_rate(network, dataset, stored, recipe, progress)
            if run is not None:
                run.note(recipe)
        targets = torch.tensor(dataset.targets(dataset.train))
        learner = Learner(network, recipe, class_weights(recipe, dataset.labels, targets))
        loaders = make_loaders(network, dataset, stored, recipe, processes)
        place = run.folder if run else folder
        last = run.last if run else None
        if recipe.strategy != "scratch" and last is None:
            _measure_start(learner, loaders, processes, place, progress)
        best = Kept(
            str(place), BEST, monitor=recipe.monitor, mode=_mode(recipe), enable_version_counter=False
        )
        watchers = [best, *_watchers(recipe, run, watch, begun)]
        with progress.track("Training", recipe.epochs * len(loaders[0])) as advance, stoppable(learner):
            callbacks = watchers + _tellers(loaders, progress, advance)
            trainer = _trainer(recipe, processes, callbacks, place)
            try:
                trainer.fit(learner, *loaders, ckpt_path=str(last) if last else None, weights_only=True)
            except Diverged as error:
                progress.tell(_left_by(learner, error))
        best_epoch = _best_epoch(learner.history, recipe)
        if processes.first:
            _take(learner, str(place / START) if best_epoch == 0 else best.best_model_path)
    if processes.first:
        _tell_end(trainer, learner, best_epoch, progress)
    return Learnt(learner.history, best_epoch, recipe)


def _measure_start(
    learner: Learner, loaders: Loaders, processes: Processes, place: Place, progress: Progress
) -> None:
    """Epoch 0: a head that was fitted on the features is a model already, and may stay the best."""
    _, val = loaders
    trainer = make_trainer(learner.recipe, processes, [], enable_checkpointing=False, inference_mode=False)
    with stoppable(learner):
        trainer.validate(learner, val, verbose=False)
    if processes.first:
        WholeFiles().save_checkpoint({"state_dict": learner.state_dict()}, str(place / START))
        progress.tell(f"epoch 0, the fitted head: {in_words(learner.history[-1])}")


def _trainer(
    recipe: Recipe, processes: Processes, callbacks: list[Callback], place: Place
) -> lightning.Trainer:
    callbacks += [EarlyStopping(recipe.monitor, mode=_mode(recipe), patience=recipe.patience), Settled()]
    if recipe.ema:
        callbacks.append(EMAWeightAveraging(decay=recipe.ema))
    callbacks.append(Kept(str(place), Path(LAST).stem, enable_version_counter=False))
    return make_trainer(recipe, processes, callbacks, max_epochs=recipe.epochs)


def _tell_end(trainer: lightning.Trainer, learner: Learner, best_epoch: int, progress: Progress) -> None:
    recipe = learner.recipe
    if any(stopping.wait_count >= stopping.patience for stopping in trainer.early_stopping_callbacks):
        name = recipe.monitor.replace("_", " ")
        progress.tell(f"stopped early: {recipe.patience} epochs without a better {name} (--patience)")
    if best_epoch == 0:
        progress.tell("no epoch was better than the head that they began with: that is kept")
    elif best_epoch < learner.epochs:
        progress.tell(f"epoch {best_epoch} was the best: its weights are kept")


def _mode(recipe: Recipe) -> str:
    return "min" if recipe.monitor == "val_loss" else "max"


def _watchers(recipe: Recipe, run: Run | None, watch: Watch | None, begun: float) -> list[Callback]:
    found: list[Callback] = []
    if run is not None:
        found.append(Claimed(run))
    if watch is not None:
        found.append(Watcher(watch))
    if recipe.time_limit:
        found.append(Deadline(recipe.time_limit, begun))
    return found


def _tellers(loaders: Loaders, progress: Progress, advance: Advance) -> list[Callback]:
    batches, places = len(loaders[0]), loaders[0].sampler
    assert isinstance(places, Places)
    return [Resumed(places, progress, lambda epochs: advance(epochs * batches)), Teller(progress, advance)]


def _take(learner: Learner, checkpoint: str) -> None:
    kept = WholeFiles().load_checkpoint(checkpoint, map_location="cpu", weights_only=True)
    learner.load_state_dict(kept["state_dict"])
    learner.network.cpu().eval()


def _left_by(learner: Learner, error: Diverged) -> str:
    """What to tell of a training that diverged, but not before an epoch that is worth keeping: one whose loss
    is lower than with the same probability for all labels.

    Raises:
        Diverged: there was none.
    """
    history, advice = learner.history, f"--lr below {learner.recipe.learning_rate:g}, or --find-lr, may help"
    guessed = math.log(learner.network.head.out_features)
    if not history or float(str(history[_best(history, learner.recipe)]["val_loss"])) >= guessed:
        raise Diverged(f"{error}, and was no better than a guess before: {advice}") from error
    return f"{error}: the best epoch before is kept; {advice}"


def _best_epoch(history: History, recipe: Recipe) -> int:
    return int(str(history[_best(history, recipe)]["epoch"]))


def _best(history: History, recipe: Recipe) -> int:
    values = [float(str(row[recipe.monitor])) for row in history]
    return values.index(min(values) if recipe.monitor == "val_loss" else max(values))
