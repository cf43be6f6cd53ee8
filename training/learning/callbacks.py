"""What happens between epochs: progress is told, and time is kept."""

import time
from collections.abc import Mapping
from typing import Any

import lightning
from pydantic import JsonValue

from training.learning.learner import Learner
from training.progress import Advance, Progress
from training.tracking.messages import Epoch, Track


class Teller(lightning.Callback):
    """Tells of each batch and each epoch."""

    def __init__(self, progress: Progress, advance: Advance) -> None:
        self._progress, self._advance = progress, advance

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        self._advance(trainer.accumulate_grad_batches)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        if trainer.is_global_zero:
            figures = {name: value for name, value in pl_module.history[-1].items() if name != "epoch"}
            shown = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in figures.items())
            self._progress.tell(f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}: {shown}")


class Tracker(lightning.Callback):
    """Has every epoch tracked; those before a resumption too, for whom they have not reached."""

    def __init__(self, track: Track) -> None:
        self._track = track

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        for figures in pl_module.history:
            self._tell(trainer, figures)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        self._tell(trainer, pl_module.history[-1])

    def _tell(self, trainer: lightning.Trainer, figures: Mapping[str, JsonValue]) -> None:
        if trainer.is_global_zero:
            self._track(Epoch({name: float(str(value)) for name, value in figures.items()}))


class Settled(lightning.Callback):
    """Lets a run that had stopped early before it was broken off learn no more."""

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        del pl_module
        for stopping in trainer.early_stopping_callbacks:
            if stopping.wait_count >= stopping.patience:
                trainer.should_stop = True


class Deadline(lightning.Callback):
    """Plans fewer epochs, the learning rate's course with them, where `seconds` are too few for all."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun = time.monotonic()

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        del trainer, pl_module
        self._epoch_begun = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        now = time.monotonic()
        left = self._seconds - (now - self._begun)
        more = max(0, int(left / (now - self._epoch_begun)))
        possible = trainer.strategy.broadcast(trainer.current_epoch + 1 + more)
        trainer.fit_loop.max_epochs = min(possible, pl_module.recipe.epochs)
        pl_module.plan_epochs(trainer.fit_loop.max_epochs)
