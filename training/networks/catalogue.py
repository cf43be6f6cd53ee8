"""Which networks there are, by name."""

from typing import TYPE_CHECKING

from training.errors import BadRecipe

if TYPE_CHECKING:  # PyTorch takes seconds to import: names alone can be told wrong without it
    from training.networks.backbone import Backbone
    from training.networks.weights import Weights

# What may be done with a network, the first by default.
PRETRAINED = ("probe", "finetune", "full", "scratch")
STRATEGIES: dict[str, tuple[str, ...]] = {
    "simple_cnn": ("scratch",),
    "deep_cnn": ("scratch",),
    "efficientnet_lite0": PRETRAINED,
    "efficientnet_b0": PRETRAINED,
    "resnet18": PRETRAINED,
    "vgg16": PRETRAINED,
}
# Those that take pictures of any size.
RESIZABLE = ("efficientnet_lite0", "efficientnet_b0", "resnet18", "vgg16")
TIMM, CLIP = "timm:", "clip:"
FAMILIES: dict[str, tuple[str, ...]] = {
    TIMM: PRETRAINED,
    CLIP: ("zero-shot", "probe", "finetune", "full"),
}
KNOWN = f"{', '.join(STRATEGIES)}, timm:NAME, clip:NAME"


def strategies_of(architecture: str) -> tuple[str, ...]:
    """The strategies that fit an architecture, the default first.

    Raises:
        BadRecipe: there is no such architecture.
    """
    for prefix, strategies in FAMILIES.items():
        if architecture == prefix:
            raise BadRecipe(f"{prefix} wants a name behind it; there are: {KNOWN}")
        if architecture.startswith(prefix):
            return strategies
    if architecture not in STRATEGIES:
        raise BadRecipe(f"unknown architecture {architecture!r}; there are: {KNOWN}")
    return STRATEGIES[architecture]


def build_backbone(
    architecture: str, weights: "Weights | None" = None, size: int | None = None
) -> "Backbone":
    """A network of the catalogue without its last layer. `weights`: random ones by default. `size`: the
    pixels of the square that it sees, where these are not its own.

    Raises:
        BadRecipe: there is no such architecture.
        WeightsUnavailable: its weights cannot be had.
    """
    strategies_of(architecture)
    from training.networks.weights import RANDOM

    backbone = _build(architecture, weights or RANDOM)
    return backbone if size is None else backbone.at_size(size)


def _build(architecture: str, weights: "Weights") -> "Backbone":
    # Only the room that it stands in is imported: timm's and transformers' take seconds each.
    if architecture in ("simple_cnn", "deep_cnn"):
        from training.networks import convolutional

        return convolutional.simple_cnn() if architecture == "simple_cnn" else convolutional.deep_cnn()
    if architecture == "efficientnet_lite0":
        from training.networks.efficientnet_lite0 import efficientnet_lite0

        return efficientnet_lite0(weights)
    if architecture.startswith(TIMM):
        from training.networks.timm_networks import timm_network

        return timm_network(architecture, weights)
    if architecture.startswith(CLIP):
        from training.networks.clip import clip_network

        return clip_network(architecture, weights)
    from training.networks.torchvision_networks import torchvision_network

    return torchvision_network(architecture, weights)
