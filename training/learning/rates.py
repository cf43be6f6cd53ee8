"""A learning rate range test (Smith 2017, arXiv:1506.01186, section 3.3): what rates do that rise from far
too low to far too high, on a recipe's own network and training pictures.

Lightning's finder does not serve here. It gives all parameters one rate, so that a deep block would learn as
fast as the head; and it goes by the loss alone, which after a fitted head is the noise of the batches.
"""

import copy
import math
import time
from dataclasses import dataclass, field
from typing import Any

import lightning
import torch

from training.dataset import Dataset
from training.learning.learner import Batch, Learner
from training.learning.loaders import make_loaders
from training.learning.pixels import Stored
from training.learning.processes import Processes
from training.learning.trainer import make_trainer, stoppable
from training.learning.weighting import class_weights
from training.networks.backbone import Classifier
from training.progress import Advance, Progress
from training.recipe import Recipe

LOWEST, HIGHEST, STEPS = 1e-6, 1.0, 60
# Fewer, for lack of time, leave too much out between two rates.
LEAST_STEPS = 10
# The share of what was before, in the average that a step's gain goes into.
MEMORY = 0.8
# Where the gain was highest, harm is near: fast.ai's lr_find also takes a tenth.
MARGIN = 0.1
# How much worse than before the test is bad enough to end it, as a share of the loss then.
HARM = 0.1
# Of a time limit: the rest is for the epochs.
SHARE = 0.25


@dataclass
class Tried:
    """What the steps came to. `gains`: how much lower the loss of a step's pictures was than that of the
    network before the test, averaged over the last few steps."""

    rates: list[float] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    _average: float = 0.0
    _before: float = 0.0

    def add(self, rate: float, before: float, after: float) -> None:
        """A step at `rate`, with the loss of its pictures before the test and now."""
        self.rates.append(rate)
        self._before += before
        self._average = MEMORY * self._average + (1 - MEMORY) * (before - after)
        self.gains.append(self._average / (1 - MEMORY ** len(self.rates)))

    @property
    def over(self) -> bool:
        """Whether it does harm, beyond what was gained at best, or the loss is no number any more."""
        bearable = max(*self.gains, HARM * self._before / len(self.rates))
        return not math.isfinite(self.gains[-1]) or self.gains[-1] < -bearable

    @property
    def too_few(self) -> bool:
        """Whether it ended for lack of time before anything could be told."""
        return len(self.rates) < LEAST_STEPS and not self.over

    @property
    def best(self) -> float | None:
        """The rate with the highest gain; None where nothing was gained, or too little was tried."""
        if len(self.rates) < LEAST_STEPS:
            return None
        finite = [gain if math.isfinite(gain) else -math.inf for gain in self.gains]
        return self.rates[finite.index(max(finite))] if max(finite) > 0 else None


class Rising(lightning.Callback):
    """Raises the rate with each step, for every group of parameters in proportion. `untouched`: what the
    learner was before. Where `seconds` are too few for all steps, the rate rises faster."""

    def __init__(self, untouched: Learner, seconds: float | None, advance: Advance) -> None:
        self.tried = Tried()
        self._untouched, self._seconds, self._advance = untouched, seconds, advance
        self._begun: float | None = None

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        (optimiser,) = trainer.optimizers
        unit = self._untouched.recipe.learning_rate
        self._shares = [(group, group["lr"] / unit) for group in optimiser.param_groups]
        self._untouched.to(pl_module.device).train()

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        assert isinstance(pl_module, Learner)
        del batch_idx  # it begins again with each epoch
        self._place = trainer.strategy.broadcast(self._position())
        self._rate = LOWEST * (HIGHEST / LOWEST) ** self._place
        for group, share in self._shares:
            group["lr"] = share * self._rate
        pl_module.on_train_batch_start()  # the same is drawn for both
        with torch.no_grad(), trainer.precision_plugin.train_step_context():
            self._before = self._untouched.training_step(batch)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, *_: Any
    ) -> None:
        del pl_module
        losses = torch.stack((self._before, outputs["loss"].detach()))
        before, after = trainer.strategy.reduce(losses, reduce_op="mean").tolist()
        self.tried.add(self._rate, before, after)
        self._advance(1)
        trainer.should_stop = self.tried.over or self._place >= 1

    def _position(self) -> float:
        """From 0, the lowest rate, to 1, the highest."""
        now = time.monotonic()
        self._begun = self._begun or now  # the first batch takes long to come
        passed = (now - self._begun) / self._seconds if self._seconds else 0.0
        return min(1.0, max(len(self.tried.rates) / (STEPS - 1), passed))


def find_rate(
    network: Classifier, dataset: Dataset, stored: Stored, recipe: Recipe, progress: Progress
) -> Recipe:
    """`recipe` with the rate that its range test suggests, its own where that suggests none, and nothing left
    to be found. `network` stays as it is; no picture but those of train is seen.

    Raises:
        Interrupted: somebody pressed Ctrl-C.
    """
    tried = _sweep(network, dataset, stored, recipe, progress)
    found = recipe.learning_rate if tried.best is None else float(f"{MARGIN * tried.best:.2g}")
    first, last = tried.rates[0], tried.rates[-1]
    span = f"tried {first:.2g} to {last:.2g} in {len(tried.rates)} steps on train pictures"
    if tried.too_few:
        progress.tell(f"learning rate {found:.2g}, as it was: {span}, too few to tell; give it more time")
    elif tried.best is None:
        progress.tell(f"learning rate {found:.2g}, as it was: {span}, which show none that is better")
    else:
        progress.tell(f"learning rate {found:.2g}: {span}; the loss fell most at {tried.best:.2g}")
    return recipe.model_copy(update={"learning_rate": found, "find_lr": False})


def _sweep(
    network: Classifier, dataset: Dataset, stored: Stored, recipe: Recipe, progress: Progress
) -> Tried:
    plain = recipe.model_copy(update={"schedule": "constant", "warmup": 0.0})
    weights = class_weights(recipe, dataset.labels, torch.tensor(dataset.targets(dataset.train)))
    learner, untouched = (Learner(copy.deepcopy(network), plain, weights) for _ in range(2))
    processes = Processes.of_environment()
    train, _ = make_loaders(network, dataset, stored, plain, processes)
    with progress.track("Trying learning rates", STEPS) as advance:
        rising = Rising(untouched, recipe.time_limit and SHARE * recipe.time_limit, advance)
        trainer = make_trainer(
            plain,
            processes,
            [rising],
            max_epochs=-1,
            max_steps=STEPS,
            limit_val_batches=0,
            enable_checkpointing=False,
        )
        with stoppable(learner):
            trainer.fit(learner, train)
    return rising.tried
