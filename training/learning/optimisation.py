"""Which parameters learn, how fast, and how that changes along the way."""

import math

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from training.networks.backbone import Classifier
from training.recipe import Recipe, Schedule

MOMENTUM = 0.9
# Where the steps of `step` lie, as shares of the whole, and what the rate is multiplied by at each.
STEPS, STEP_FACTOR = (0.6, 0.85), 0.1
WAITS, PLATEAU_FACTOR = (
    2,
    0.3,
)  # of `plateau`: epochs without progress, and what the rate is then multiplied by


def freeze(network: Classifier, recipe: Recipe) -> list[nn.Module]:
    """Freezes what `recipe` does not train; returns the modules that must stay in evaluation mode.

    Those are the frozen ones, and for `finetune` every batch norm: the statistics of a small set of pictures
    are worse than those of the pretraining.
    """
    if recipe.strategy == "finetune":
        for name, depth in network.backbone.depths().items():
            network.backbone.get_parameter(name).requires_grad_(depth < recipe.unfreeze)
    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    return [
        module
        for module in network.modules()
        if _is_frozen(module) or (recipe.strategy == "finetune" and isinstance(module, norms))
    ]


def make_optimiser(network: Classifier, recipe: Recipe) -> Optimizer:
    """Discriminative rates (Howard and Ruder 2018, arXiv:1801.06146): the head's, and less the deeper a block
    lies; networks that start from random weights have one rate. Biases and norms do not decay."""
    depths = {f"backbone.{name}": depth for name, depth in network.backbone.depths().items()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            rate = recipe.learning_rate
            if name in depths and recipe.strategy != "scratch":
                rate *= recipe.backbone_rate * recipe.block_decay ** depths[name]
            decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    options = [{"params": group, "lr": lr, "weight_decay": decay} for (lr, decay), group in groups.items()]
    if recipe.optimiser == "sgd":
        return SGD(options, lr=recipe.learning_rate, momentum=MOMENTUM, nesterov=True)
    return AdamW(options, lr=recipe.learning_rate)


class RatePlan:
    """What the learning rate is multiplied by at each of `steps` steps, after a linear warm-up over the share
    `warmup` of them. `steps` may be changed on the way."""

    def __init__(self, schedule: Schedule, steps: int, warmup: float) -> None:
        self.schedule, self.steps, self.warmup = schedule, steps, warmup

    def __call__(self, step: int) -> float:
        rising = round(self.warmup * self.steps)
        if step < rising:
            return (step + 1) / rising
        done = min(1.0, (step - rising) / max(1, self.steps - rising))
        if self.schedule == "cosine":
            return (1 + math.cos(math.pi * done)) / 2
        if self.schedule == "step":
            return float(STEP_FACTOR ** sum(done >= at for at in STEPS))
        return 1.0


def _is_frozen(module: nn.Module) -> bool:
    parameters = list(module.parameters())
    return bool(parameters) and not any(parameter.requires_grad for parameter in parameters)
