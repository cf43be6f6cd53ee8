"""One step of training and of validation, for Lightning."""

import math
from typing import Any, Literal

import lightning
import torch
from lightning.pytorch.trainer.states import TrainerFn
from pydantic import JsonValue
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score
from torchvision.transforms import v2

from training.errors import Diverged
from training.learning.optimisation import PLATEAU_FACTOR, WAITS, RatePlan, freeze, make_optimiser
from training.learning.pixels import NOTHING, mix_seed
from training.networks.backbone import Classifier
from training.recipe import Recipe

Batch = tuple[Tensor, Tensor]
History = list[dict[str, JsonValue]]


class Learner(lightning.LightningModule):
    """Batches are uint8 [n, 3, size, size] and the labels' indices int64 [n], NOTHING where there is no
    picture.

    `history`: the figures of each epoch, over all processes; epoch 0 is what they began with, where that was
    measured.
    """

    def __init__(self, network: Classifier, recipe: Recipe, class_weights: Tensor | None) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # nearly twice as fast on CPUs
        self.recipe = recipe
        self.history: History = []
        self._still = freeze(network, recipe)
        self._plans: list[RatePlan] = []
        self._plateau: ReduceLROnPlateau | None = None
        self._plateau_before: dict[str, Any] | None = None
        self._mix = _make_mix(recipe, network.head.out_features)
        spec = network.backbone.anatomy.preprocessing
        std = torch.tensor(spec.std).view(3, 1, 1)
        self.scale: Tensor
        self.shift: Tensor
        self.class_weights: Tensor | None
        self.register_buffer("scale", 1 / (255 * std), persistent=False)
        self.register_buffer("shift", -torch.tensor(spec.mean).view(3, 1, 1) / std, persistent=False)
        self.register_buffer("class_weights", class_weights, persistent=False)
        self.train_figures = _figures(network.head.out_features)
        self.val_figures = _figures(network.head.out_features)
        # A loss that is no number any more is to be seen, not left out.
        self.train_loss = MeanMetric(nan_strategy="disable")
        self.val_loss = MeanMetric(nan_strategy="disable")

    @property
    def epochs(self) -> int:
        """How many were finished."""
        return sum(row["epoch"] != 0 for row in self.history)

    def train(self, mode: bool = True) -> "Learner":
        super().train(mode)
        for module in self._still:
            module.eval()
        return self

    def on_fit_start(self) -> None:
        self.train()  # Lightning leaves every module in the mode it finds it in

    def forward(self, pixels: Tensor) -> Tensor:
        images = (pixels * self.scale + self.shift).contiguous(memory_format=torch.channels_last)
        features = self.network.backbone(images)
        # Half as many bits do for a backbone. Of logits they leave so few values that the likeliest label of
        # many pictures is a tie, and an epoch's figures, which the best is chosen by, go by how it is broken.
        with torch.autocast(self.device.type, enabled=False):
            return self.network.classify(features.float())[0]

    def on_train_batch_start(self, *_: object) -> None:
        # So that a step is the same whether or not the process was killed before it.
        torch.manual_seed(mix_seed(self.recipe.seed, self.global_step, self.global_rank))

    def training_step(self, batch: Batch) -> Tensor:
        pixels, targets = batch
        asked = targets if self._mix is None else None
        if self._mix is not None:
            pixels, targets = self._mix(pixels.float(), targets)
        logits = self(pixels)
        loss = functional.cross_entropy(
            logits, targets, weight=self.class_weights, label_smoothing=self.recipe.smoothing
        )
        self.train_loss.update(loss.detach(), len(pixels))
        self.train_figures.update(logits.detach(), targets.argmax(1) if asked is None else asked)
        return loss

    def validation_step(self, batch: Batch) -> None:
        pixels, targets = batch
        there = targets != NOTHING
        if there.any():
            logits, targets = self(pixels)[there], targets[there]
            self.val_loss.update(functional.cross_entropy(logits, targets), len(targets))
            self.val_figures.update(logits, targets)

    def on_validation_epoch_end(self) -> None:
        if self.trainer.state.fn == TrainerFn.VALIDATING:  # before there are epochs
            self.history.append({"epoch": 0, **_compute("val", self.val_loss, self.val_figures)})
            return
        # Validation follows an epoch's last batch: its figures are all there.
        figures = _compute("train", self.train_loss, self.train_figures)
        figures |= _compute("val", self.val_loss, self.val_figures)
        if not all(math.isfinite(value) for value in figures.values()):
            raise Diverged(f"the loss is no number any more after epoch {self.current_epoch + 1}")
        self.history.append({"epoch": self.current_epoch + 1, **figures})
        self.log_dict(figures)
        if self._plateau is not None:  # before the checkpoint, which Lightning's own step would come after
            self._plateau.step(figures[self.recipe.monitor])

    def configure_optimizers(self) -> Any:
        optimiser = make_optimiser(self.network, self.recipe)
        if self.recipe.schedule == "plateau":
            mode: Literal["min", "max"] = "min" if self.recipe.monitor == "val_loss" else "max"
            self._plateau = ReduceLROnPlateau(optimiser, mode=mode, factor=PLATEAU_FACTOR, patience=WAITS)
            if self._plateau_before:
                self._plateau.load_state_dict(self._plateau_before)
            return optimiser
        steps = int(self.trainer.estimated_stepping_batches)
        self._plans = [
            RatePlan(self.recipe.schedule, steps, self.recipe.warmup) for _ in optimiser.param_groups
        ]
        planned = LambdaLR(optimiser, list(self._plans))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": planned, "interval": "step"}}

    def plan_epochs(self, epochs: int) -> None:
        """There will be only so many: the learning rate takes its course within them."""
        for plan in self._plans:
            plan.steps = epochs * int(self.trainer.num_training_batches)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["history"] = self.history
        checkpoint["plateau"] = self._plateau.state_dict() if self._plateau else None

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.history = checkpoint["history"]
        self._plateau_before = checkpoint["plateau"]


def _figures(labels: int) -> MetricCollection:
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(labels, average="micro"),
            "f1": MulticlassF1Score(labels, average="macro"),
        }
    )


def _compute(split: str, loss: MeanMetric, figures: MetricCollection) -> dict[str, float]:
    values = {f"{split}_loss": float(loss.compute())}
    values |= {f"{split}_{name}": float(value) for name, value in figures.compute().items()}
    loss.reset()
    figures.reset()
    return values


def _make_mix(recipe: Recipe, labels: int) -> nn.Module | None:
    """mixup (Zhang et al. 2018, arXiv:1710.09412) and CutMix (Yun et al. 2019, arXiv:1905.04899)."""
    kinds: list[nn.Module] = []
    if recipe.mixup:
        kinds.append(v2.MixUp(alpha=recipe.mixup, num_classes=labels))
    if recipe.cutmix:
        kinds.append(v2.CutMix(alpha=recipe.cutmix, num_classes=labels))
    return v2.RandomChoice(kinds) if kinds else None
