"""A small convolutional network from scratch: the baseline that anything pretrained has to beat."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from numpy.typing import NDArray
from pydantic import JsonValue
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from backend.inference.preprocessing import Preprocessing
from training.progress import Advance

ARCHITECTURE = "simple_cnn"
EMBEDDING_SIZE = 128
LEARNING_RATE = 1e-3
PATIENCE = 5  # epochs without a lower loss on val
PREPROCESSING = Preprocessing(
    size=64,
    resize="squash",
    crop_fraction=1.0,
    interpolation="bilinear",
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
)


class SimpleCNN(nn.Module):
    """Images float32 [n, 3, 64, 64] to logits [n, labels] and embedding [n, 128], of length 1."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.dense = nn.Linear(64 * 14 * 14, EMBEDDING_SIZE)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(EMBEDDING_SIZE, labels)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        hidden = functional.relu(self.dense(torch.flatten(self.features(images), 1)))
        return self.head(self.dropout(hidden)), functional.normalize(hidden)


class Classification(lightning.LightningModule):
    """Cross-entropy on uint8 pixels [n, 3, 64, 64], mirrored at random in training."""

    def __init__(self, network: SimpleCNN, learning_rate: float) -> None:
        super().__init__()
        self.network = network
        self.learning_rate = learning_rate

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        pixels, targets = batch
        mirrored = torch.rand(len(pixels), device=pixels.device) < 0.5
        pixels = torch.where(mirrored[:, None, None, None], pixels.flip(3), pixels)
        return functional.cross_entropy(self._logits(pixels), targets)

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        pixels, targets = batch
        logits = self._logits(pixels)
        self.log("val_loss", functional.cross_entropy(logits, targets), batch_size=len(targets))
        correct = (logits.argmax(1) == targets).float().mean()
        self.log("val_accuracy", correct, batch_size=len(targets), prog_bar=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=self.learning_rate)

    def _logits(self, pixels: Tensor) -> Tensor:
        mean, std = (
            torch.tensor(values, device=pixels.device).view(1, 3, 1, 1)
            for values in (PREPROCESSING.mean, PREPROCESSING.std)
        )
        logits: Tensor = self.network((pixels.float() / 255 - mean) / std)[0]
        return logits


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


class _Ticker(lightning.Callback):
    """Tells of each epoch."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        del trainer, pl_module
        self._advance(1)


Split = tuple[NDArray[np.uint8], list[int]]


def fit(
    train: Split, val: Split, labels: int, *, epochs: int, seed: int, checkpoints: Path, advance: Advance
) -> tuple[SimpleCNN, dict[str, JsonValue]]:
    """Trains until the loss on `val` stops falling; returns the best network and how it came about.

    Splits are uint8 [n, 64, 64, 3] with a label index each; checkpoints go to the folder `checkpoints`.
    """
    lightning.seed_everything(seed, verbose=False)
    best = ModelCheckpoint(dirpath=checkpoints, monitor="val_loss", save_top_k=1)
    module = Classification(SimpleCNN(labels), learning_rate=LEARNING_RATE)
    with _without_chatter():
        trainer = lightning.Trainer(
            max_epochs=epochs,
            callbacks=[best, EarlyStopping("val_loss", patience=PATIENCE), _Ticker(advance)],
            accelerator="auto",
            devices=1,
            logger=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            num_sanity_val_steps=0,
        )
        trainer.fit(module, _loader(train, shuffle=True), _loader(val, shuffle=False))
    module.load_state_dict(
        torch.load(best.best_model_path, map_location="cpu", weights_only=True)["state_dict"]
    )
    facts: dict[str, JsonValue] = {
        "epochs": trainer.current_epoch,
        "max_epochs": epochs,
        "patience": PATIENCE,
        "learning_rate": LEARNING_RATE,
        "val_loss": float(best.best_model_score) if best.best_model_score is not None else None,
    }
    return module.network.cpu().eval(), facts


def _loader(split: Split, *, shuffle: bool) -> DataLoader[tuple[Tensor, ...]]:
    pixels = torch.from_numpy(split[0]).permute(0, 3, 1, 2)
    return DataLoader(TensorDataset(pixels, torch.tensor(split[1])), batch_size=64, shuffle=shuffle)
