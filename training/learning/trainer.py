"""Lightning's trainer, as everything that learns here uses it."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from training.errors import Interrupted
from training.learning.checkpoints import WholeFiles
from training.learning.learner import Learner
from training.learning.processes import Processes
from training.recipe import Recipe


def make_trainer(
    recipe: Recipe, processes: Processes, callbacks: list[Callback], **others: Any
) -> lightning.Trainer:
    """A trainer for the recipe's device and precision; `others`, such as max_epochs, are Lightning's own."""
    return lightning.Trainer(
        callbacks=callbacks,
        plugins=[WholeFiles()],
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
        **others,
    )


@contextmanager
def stoppable(learner: Learner) -> Iterator[None]:
    """Ends after Ctrl-C as this room does, not as Lightning does.

    Raises:
        Interrupted: somebody pressed Ctrl-C.
    """
    try:
        yield
    except SystemExit:
        raise Interrupted(
            f"stopped after {learner.epochs} epochs; to go on: menagerie train --resume"
        ) from None


@contextmanager
def without_chatter() -> Iterator[None]:
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


def _precision(recipe: Recipe) -> Any:
    if recipe.precision == "auto":
        on_gpu = recipe.device in ("auto", "cuda") and torch.cuda.is_available()
        return (
            "bf16-mixed" if on_gpu and torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
        )
    return {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}[recipe.precision]
