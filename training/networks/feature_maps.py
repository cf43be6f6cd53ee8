"""Networks in two at their last feature map, float32 [n, channels, rows, columns]: what explains answers."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn


@dataclass(frozen=True)
class Head:
    """How a feature map becomes logits: features @ `weight`.T + `bias`, float32 [labels, features] and
    [labels].

    Features are the map's mean over its places or, where there are `dense` layers, each with a rectifier
    behind it, what these make of the flattened map. `length`: what features are stretched to before; None:
    they are taken as they are.
    """

    weight: Tensor
    bias: Tensor
    length: float | None
    dense: tuple[nn.Linear, ...] = ()


class Explainable(nn.Module, ABC):
    """A network that may be asked what its logits come from."""

    @property
    @abstractmethod
    def explains(self) -> bool:
        """Whether it can tell; the others are for those that can."""

    @property
    @abstractmethod
    def logit_head(self) -> Head:
        """How it makes logits of its feature map."""

    @abstractmethod
    def convolve(self, images: Tensor) -> Tensor:
        """Images float32 [n, 3, size, size] to the feature map."""

    @abstractmethod
    def answer(self, feature_map: Tensor) -> tuple[Tensor, ...]:
        """The feature map to what the network gives for the images."""


class WithFeatures(nn.Module):
    """An explainable network that gives its feature map behind its other outputs."""

    def __init__(self, network: Explainable) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        feature_map = self.network.convolve(images)
        return *self.network.answer(feature_map), feature_map


class Cut(Protocol):
    """Where a backbone's body is cut in two."""

    def convolve(self, body: Any, images: Tensor) -> Tensor:
        """Images to the feature map."""

    def finish(self, body: Any, feature_map: Tensor) -> Tensor:
        """The feature map to features [n, features]."""

    def dense(self, body: Any) -> tuple[nn.Linear, ...]:
        """Those of `Head`."""


@dataclass(frozen=True)
class Pooled:
    """A body whose features are its feature map's mean over all places."""

    first: Callable[[Any, Tensor], Tensor]
    then: Callable[[Any, Tensor], Tensor]

    def convolve(self, body: Any, images: Tensor) -> Tensor:
        return self.first(body, images)

    def finish(self, body: Any, feature_map: Tensor) -> Tensor:
        return self.then(body, feature_map)

    def dense(self, body: Any) -> tuple[nn.Linear, ...]:
        del body
        return ()


@dataclass(frozen=True)
class Flattened:
    """A sequence of layers whose number `at` flattens the feature map; behind it, dense layers are each
    rectified."""

    at: int

    def convolve(self, body: Any, images: Tensor) -> Tensor:
        feature_map: Tensor = body[: self.at](images)
        return feature_map

    def finish(self, body: Any, feature_map: Tensor) -> Tensor:
        features: Tensor = body[self.at :](feature_map)
        return features

    def dense(self, body: Any) -> tuple[nn.Linear, ...]:
        return tuple(layer for layer in body[self.at :] if isinstance(layer, nn.Linear))
