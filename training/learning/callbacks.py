"""What happens between epochs: progress is told, others may look on, and time is kept."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import lightning
from pydantic import JsonValue

from training.learning.learner import Learner
from training.learning.pixels import Places
from training.learning.run import Run
from training.progress import Advance, Progress


class Teller(lightning.Callback):
    """Tells of each batch and each epoch."""

    def __init__(self, progress: Progress, advance: Advance) -> None:
        self._progress, self._advance = progress, advance

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        self._advance(trainer.accumulate_grad_batches)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        if trainer.is_global_zero:
            shown = in_words(pl_module.history[-1])
            self._progress.tell(f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}: {shown}")


def in_words(figures: Mapping[str, JsonValue]) -> str:
    """The figures of an epoch, for people."""
    shown = {name.replace("_", " "): value for name, value in figures.items() if name != "epoch"}
    return ", ".join(f"{name} {value:.3f}" for name, value in shown.items())


# Is shown the figures of each epoch, and may end the training by an exception.
Watch = Callable[[Mapping[str, JsonValue]], None]


class Watcher(lightning.Callback):
    """Shows somebody each epoch, those before a resumption as well; in the first process only."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._shown = 0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._show(trainer, pl_module)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._show(trainer, pl_module)

    def _show(self, trainer: lightning.Trainer, learner: lightning.LightningModule) -> None:
        assert isinstance(learner, Learner)
        if not trainer.is_global_zero:
            return
        for figures in learner.history[self._shown :]:
            self._shown += 1
            self._watch(figures)


class Settled(lightning.Callback):
    """Lets a run that had stopped early before it was broken off learn no more."""

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        del pl_module
        for stopping in trainer.early_stopping_callbacks:
            if stopping.wait_count >= stopping.patience:
                trainer.should_stop = True


class Resumed(lightning.Callback):
    """Says at a resumption which epoch comes first. Lightning says so itself only when it has begun to take
    batches, and processes that prepare pictures know their places by then: those of the epoch 0. People and
    their bar are told too."""

    def __init__(self, places: Places, progress: Progress, skip: Callable[[int], None]) -> None:
        self._places, self._progress, self._skip = places, progress, skip

    def on_load_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        del checkpoint
        assert isinstance(pl_module, Learner)
        self._places.set_epoch(pl_module.epochs)
        self._skip(pl_module.epochs)
        if trainer.is_global_zero:
            self._progress.tell(f"going on after epoch {pl_module.epochs} of {trainer.max_epochs}")


class Claimed(lightning.Callback):
    """Ends the training before it writes a checkpoint where another process has taken it over."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def on_save_checkpoint(self, *_: Any) -> None:
        self._run.check_claim()


DEADLINE = "deadline"  # of a checkpoint


class Deadline(lightning.Callback):
    """Plans fewer epochs, the learning rate's course with them, where `seconds` from `begun`, a reading
    of the monotonic clock, are too few for all. A resumption has what was left, and what was planned."""

    def __init__(self, seconds: float, begun: float) -> None:
        self._seconds, self._begun = seconds, begun

    def on_save_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        del pl_module
        checkpoint[DEADLINE] = {"spent": time.monotonic() - self._begun, "epochs": trainer.max_epochs}

    def on_load_checkpoint(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        del pl_module
        if DEADLINE in checkpoint:  # earlier versions kept nothing of it
            self._begun = time.monotonic() - checkpoint[DEADLINE]["spent"]
            trainer.fit_loop.max_epochs = checkpoint[DEADLINE]["epochs"]

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
