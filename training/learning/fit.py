"""The loop: epochs until validation stops getting better, on one process or on many."""

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging, ModelCheckpoint

from training.dataset import Dataset
from training.errors import Interrupted
from training.learning.callbacks import Deadline, Settled, Teller, Tracker
from training.learning.learner import History, Learner
from training.learning.loaders import Loaders, make_loaders
from training.learning.processes import Processes
from training.learning.runs import LAST, Run
from training.learning.weighting import class_weights
from training.networks.backbone import Classifier
from training.progress import Progress
from training.recipe import Recipe
from training.tracking.messages import Track, untracked

BEST = "best"


@dataclass(frozen=True)
class Learnt:
    """`best_epoch` is the one whose weights were kept, from 1."""

    history: History
    best_epoch: int


def fit(
    network: Classifier,
    dataset: Dataset,
    recipe: Recipe,
    run: Run | None,
    progress: Progress,
    track: Track = untracked,
) -> Learnt:
    """Trains `network` in place and leaves it with the weights of the epoch that `recipe.monitor` found best.

    `run` keeps the checkpoints, and is gone on with where it holds any; None in other processes than the
    first. `track` learns of every epoch, at a resumption of the earlier ones again.

    Raises:
        Interrupted: somebody pressed Ctrl-C; the run can be resumed.
    """
    processes = Processes.of_environment()
    targets = torch.tensor(dataset.targets(dataset.train))
    learner = Learner(network, recipe, class_weights(recipe, dataset.labels, targets))
    with tempfile.TemporaryDirectory(dir=run.folder if run else None) as folder, _without_chatter():
        train, val = make_loaders(network, dataset, recipe, processes, Path(folder), progress)
        with progress.track("Training", recipe.epochs * len(train)) as advance:
            best = ModelCheckpoint(
                run.folder if run else folder,
                BEST,
                monitor=recipe.monitor,
                mode=_mode(recipe),
                enable_version_counter=False,
            )
            callbacks = [best, Teller(progress, advance), Tracker(track)]
            trainer = _trainer(recipe, processes, callbacks, run, folder)
            _run(trainer, learner, (train, val), run)
        if processes.first:
            _take_best(learner, best)
    return Learnt(learner.history, _best_epoch(learner.history, recipe))


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
    if recipe.time_limit:
        callbacks.append(Deadline(recipe.time_limit))
    last = Path(LAST).stem
    callbacks.append(ModelCheckpoint(run.folder if run else folder, last, enable_version_counter=False))
    return lightning.Trainer(
        max_epochs=recipe.epochs,
        callbacks=callbacks,
        accelerator={"cuda": "gpu"}.get(recipe.device, recipe.device),
        devices=processes.local,
        num_nodes=processes.nodes,
        strategy=processes.strategy,
        precision=_precision(recipe),
        gradient_clip_val=recipe.clip,
        use_distributed_sampler=False,
        logger=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        num_sanity_val_steps=0,
    )


def _precision(recipe: Recipe) -> Any:
    if recipe.precision == "auto":
        on_gpu = recipe.device in ("auto", "cuda") and torch.cuda.is_available()
        return (
            "bf16-mixed" if on_gpu and torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
        )
    return {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}[recipe.precision]


def _mode(recipe: Recipe) -> str:
    return "min" if recipe.monitor == "val_loss" else "max"


def _take_best(learner: Learner, best: ModelCheckpoint) -> None:
    if best.best_model_path:
        state = torch.load(best.best_model_path, map_location="cpu", weights_only=True)["state_dict"]
        learner.load_state_dict(state)
    learner.network.cpu().eval()


def _best_epoch(history: History, recipe: Recipe) -> int:
    values = [float(str(row[recipe.monitor])) for row in history]
    return 1 + values.index(min(values) if recipe.monitor == "val_loss" else max(values))


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Keeps Lightning's tips and its advice on workers off the person's screen; its errors come through."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        try:
            yield
        finally:
            log.setLevel(level)
