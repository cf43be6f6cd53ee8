"""What every network here is made of: a backbone that gives features, and a linear head on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from backend.inference.preprocessing import Preprocessing
from training.networks.feature_maps import Cut, Explainable, Head


@dataclass(frozen=True)
class Anatomy:
    """What is known of a backbone besides its layers.

    `features`: how many it gives. `blocks`: the names of its parameters, a block each, from the input to the
    top; they are frozen or trained together. `pretrained`: what names its weights, None where they are
    random. `cut`: where its last feature map is, None where features are not what places of that add up to.
    """

    architecture: str
    features: int
    preprocessing: Preprocessing
    blocks: Sequence[Sequence[str]]
    pretrained: str | None
    cut: Cut | None = None


class Backbone(nn.Module):
    """Images float32 [n, 3, size, size] to features float32 [n, features]."""

    def __init__(self, body: nn.Module, anatomy: Anatomy) -> None:
        super().__init__()
        self.body = body
        self.anatomy = anatomy

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.body(images)
        return features

    def at_size(self, size: int) -> "Backbone":
        """The same for squares of `size` pixels: a larger one shows more around the centre before it shows
        the same more finely, since networks are used to things of one size."""
        spec = self.anatomy.preprocessing
        crop = min(1.0, spec.crop_fraction * max(1.0, size / spec.size))
        preprocessing = spec.model_copy(update={"size": size, "crop_fraction": crop})
        return Backbone(self.body, replace(self.anatomy, preprocessing=preprocessing))

    def depths(self) -> Mapping[str, int]:
        """Each parameter's name (in this module) and how many blocks lie above its own: 0 is the top."""
        top = len(self.anatomy.blocks) - 1
        return {f"body.{name}": top - i for i, block in enumerate(self.anatomy.blocks) for name in block}


class Classifier(Explainable):
    """Images float32 [n, 3, size, size] to logits [n, labels] and the embedding [n, features], of length 1.

    With `cosine` the head sees the embedding, stretched to the length that independent features of variance
    one have; without, the features as they are.
    """

    def __init__(self, backbone: Backbone, labels: int, *, dropout: float, cosine: bool) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(backbone.anatomy.features, labels)
        self.cosine = cosine

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.classify(self.backbone(images))

    @property
    def explains(self) -> bool:
        return self.backbone.anatomy.cut is not None

    def convolve(self, images: Tensor) -> Tensor:
        return self._cut.convolve(self.backbone.body, images)

    def answer(self, feature_map: Tensor) -> tuple[Tensor, Tensor]:
        return self.classify(self._cut.finish(self.backbone.body, feature_map))

    def classify(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and embedding of what the backbone gave."""
        embedding = functional.normalize(features)
        seen = embedding * self.stretch if self.cosine else features
        return self.head(self.dropout(seen)), embedding

    @property
    def logit_head(self) -> Head:
        length = self.stretch if self.cosine else None
        return Head(self.head.weight, self.head.bias, length, self._cut.dense(self.backbone.body))

    @property
    def _cut(self) -> Cut:
        assert self.backbone.anatomy.cut is not None
        return self.backbone.anatomy.cut

    @property
    def stretch(self) -> float:
        return float(self.backbone.anatomy.features**0.5)

    def set_head(self, weight: Tensor, bias: Tensor) -> None:
        """A head for the embedding of length 1: weight float32 [labels, features], bias [labels]."""
        with torch.no_grad():
            self.head.weight.copy_(weight / self.stretch)
            self.head.bias.copy_(bias)


def group_parameters(body: nn.Module, block_of: Sequence[str]) -> list[list[str]]:
    """Parameter names by the first of the prefixes `block_of` that they begin with, in the prefixes' order.

    Raises:
        ValueError: a parameter begins with none.
    """
    groups: dict[str, list[str]] = {prefix: [] for prefix in block_of}
    for name, _ in body.named_parameters():
        prefix = next((prefix for prefix in block_of if name.startswith(prefix)), None)
        if prefix is None:
            raise ValueError(f"{name} belongs to no block")
        groups[prefix].append(name)
    return [names for names in groups.values() if names]
