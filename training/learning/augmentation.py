"""Random changes to training pictures, by preset."""

from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms import v2

from training.recipe import Augmentation

# uint8 [3, canvas, canvas] to uint8 [3, size, size].
Augment = Callable[[Tensor], Tensor]


def make_augmentation(preset: Augmentation, size: int) -> Augment:
    """`none` gives what serving sees. `light` mirrors, and crops a little; `medium` crops more and changes
    the colours; `strong` adds TrivialAugment (Müller and Hutter 2021, arXiv:2103.10158), grey and erased
    parts."""
    if preset == "none":
        centre: Augment = v2.CenterCrop(size)
        return centre
    smallest = {"light": 0.6, "medium": 0.35, "strong": 0.25}[preset]
    steps: list[torch.nn.Module] = [
        v2.RandomResizedCrop(size, scale=(smallest, 1.0), antialias=True),
        v2.RandomHorizontalFlip(),
    ]
    if preset == "medium":
        steps.append(v2.ColorJitter(0.3, 0.3, 0.3, 0.05))
    if preset == "strong":
        steps += [v2.TrivialAugmentWide(), v2.RandomGrayscale(0.1), v2.RandomErasing(0.25)]
    composed: Augment = v2.Compose(steps)
    return composed
