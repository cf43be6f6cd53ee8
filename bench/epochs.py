"""One epoch of fine-tuning beside a plain loop: the same network, blocks, pictures and batches."""

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from sqlalchemy import Engine
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from training.dataset import Dataset, load_dataset
from training.learning.fit import fit
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.progress import Silent
from training.recipe import Recipe

RECIPE = Recipe(architecture="efficientnet_b0", strategy="finetune", unfreeze=10, epochs=3, patience=3)


@dataclass(frozen=True)
class EpochTimes:
    """Seconds of a second epoch, when workers run and files are cached."""

    ours: float
    plain: float


class Clock(Silent):
    """Notes when each epoch was over."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def tell(self, line: str) -> None:
        del line
        self.times.append(time.perf_counter())


def compare_epochs(engine: Engine, task: str, folder: Path) -> EpochTimes:
    """Both on the training pictures of `task`, whose files lie in class folders under `folder`."""
    dataset = load_dataset(engine, task)
    return EpochTimes(_ours(dataset), _plain(dataset, folder))


def _network(labels: int) -> Classifier:
    torch.manual_seed(0)
    return Classifier(build_backbone("efficientnet_b0"), labels, dropout=0.2, cosine=False)


def _ours(dataset: Dataset) -> float:
    clock = Clock()
    fit(_network(len(dataset.labels)), dataset, RECIPE, None, clock)
    return clock.times[1] - clock.times[0]


def _plain(dataset: Dataset, folder: Path) -> float:
    """As torchvision's reference for classification does it: files decoded by Pillow in every epoch, random
    crops, SGD, and validation after each epoch."""
    chosen = {Path(image.root_uri, image.uri).resolve() for image in dataset.train}
    held = {Path(image.root_uri, image.uri).resolve() for image in dataset.val}
    normalise = [v2.PILToTensor(), v2.ToDtype(torch.float, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)]
    train = v2.Compose([v2.RandomResizedCrop(224), v2.RandomHorizontalFlip(), *normalise])
    test = v2.Compose([v2.Resize(256), v2.CenterCrop(224), *normalise])
    shuffled = _loader(folder, chosen, train, shuffle=True)
    in_order = _loader(folder, held, test, shuffle=False)
    network = _network(len(dataset.labels))
    depths = network.backbone.depths()
    for name, parameter in network.backbone.named_parameters():
        parameter.requires_grad_(depths[name] < RECIPE.unfreeze)
    optimiser = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.01, momentum=0.9)
    took = 0.0
    for _ in range(2):
        begin = time.perf_counter()
        _epoch(network, shuffled, optimiser)
        _validate(network, in_order)
        took = time.perf_counter() - begin
    return took


def _loader(folder: Path, chosen: set[Path], transform: nn.Module, *, shuffle: bool) -> DataLoader[object]:
    pictures = ImageFolder(
        str(folder), transform, is_valid_file=lambda path: Path(path).resolve() in chosen, allow_empty=True
    )
    return DataLoader(pictures, RECIPE.batch_size, shuffle=shuffle, num_workers=2, persistent_workers=True)


def _epoch(network: Classifier, loader: DataLoader[object], optimiser: torch.optim.Optimizer) -> None:
    network.train()
    for images, targets in loader:
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(images)[0], targets)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _validate(network: Classifier, loader: DataLoader[object]) -> None:
    network.eval()
    with torch.inference_mode():
        for images, _ in loader:
            network(images)
