"""What a training method hands over to be published."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from torch import nn

from backend.inference.preprocessing import Preprocessing

if TYPE_CHECKING:
    from training.learning.run import Run
    from training.networks.clip import TextSide


@dataclass(frozen=True)
class HeldOut:
    """Logits float32 [n, labels] of the pictures of train and then of val, each under a head that had not
    seen it, and the right labels int64 [n]."""

    logits: NDArray[np.float32]
    targets: NDArray[np.int64]


@dataclass(frozen=True)
class Trained:
    """A network and how it came about.

    `embedder` names what makes the embedding, None for the network itself. `held_out` is what to
    calibrate on where the method cross-validated; otherwise that is the val split. `open_set`: see the
    manifest's `Outputs`. `text`: what reads texts, where the network is CLIP's. `run`: what was kept of the
    epochs; nobody else goes on with it until `held` is closed. `stock`: an ONNX file of the same network, but
    for the head on its embedding.
    """

    module: nn.Module
    preprocessing: Preprocessing
    embedding_size: int
    architecture: str
    embedder: str | None
    facts: dict[str, JsonValue]
    held_out: HeldOut | None = None
    open_set: bool = False
    text: "TextSide | None" = None
    run: "Run | None" = None
    held: ExitStack = field(default_factory=ExitStack)
    stock: Path | None = None

    @property
    def frozen(self) -> bool:
        """Whether the embedding owes nothing to the data set: only a head was learnt, and cross-validated."""
        return self.embedder is not None and self.held_out is not None
