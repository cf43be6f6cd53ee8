"""What trials share, so that no picture is decoded and no feature computed twice."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.inference.preprocessing import Preprocessing
from training.dataset import Dataset
from training.learning.pixels import Stored, store_dataset
from training.networks.catalogue import build_backbone
from training.networks.weights import Weights
from training.probing import features_of, starter_features
from training.tuning.space import IN_EPOCHS, Space
from training.workshop import Workshop


@dataclass(frozen=True)
class Prepared:
    """Files in `folder` that every trial of a command reads."""

    folder: Path

    def features(self, architecture: str) -> NDArray[np.float32]:
        """Embeddings float32 [n, features] of the pictures of train and then of val, each of length 1."""
        features: NDArray[np.float32] = np.load(self.features_file(architecture))
        return features

    def features_file(self, architecture: str) -> Path:
        return self.folder / f"features-{_digest(architecture)}.npy"

    def pixels(self, spec: Preprocessing) -> Stored:
        """The decoded pictures, for networks that `spec` prepares pictures for."""
        return Stored(self.folder / f"pixels-{_digest(spec.model_dump_json())}")


def prepare(workshop: Workshop, dataset: Dataset, space: Space, folder: Path) -> Prepared:
    """Decodes train and val for the networks of a space, and computes the features of the pretrained ones.

    Raises:
        WeightsUnavailable: pretrained weights cannot be had.
    """
    prepared = Prepared(folder)
    for architecture in dict.fromkeys(method.architecture for method in space.methods):
        strategies = [method.strategy for method in space.methods if method.architecture == architecture]
        pretrained = strategies != ["scratch"]
        weights = Weights(pretrained, space.shared.weights)
        backbone = build_backbone(architecture, weights, space.shared.size).eval()
        if pretrained:
            images = dataset.train + dataset.val
            if space.shared.model_copy(update={"architecture": architecture}).starts_from_starter:
                features = starter_features(workshop, dataset, images, whole_task=False)
            else:
                features = features_of(backbone, images, workshop.progress)
            np.save(prepared.features_file(architecture), features)
        stored = prepared.pixels(backbone.anatomy.preprocessing)
        if set(strategies) & set(IN_EPOCHS) and not stored.folder.exists():
            stored.folder.mkdir()
            store_dataset(dataset, backbone.anatomy.preprocessing, stored.folder, workshop.progress)
    return prepared


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
