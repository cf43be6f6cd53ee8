"""Which networks there are, by name."""

from collections.abc import Callable

from training.errors import BadRecipe
from training.networks.backbone import Backbone
from training.networks.weights import RANDOM, Weights

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
FAMILIES: dict[str, tuple[str, ...]] = {
    "timm:": PRETRAINED,
    "clip:": ("zero-shot", "probe", "finetune", "full"),
}
KNOWN = f"{', '.join(STRATEGIES)}, timm:NAME, clip:NAME"


def strategies_of(architecture: str) -> tuple[str, ...]:
    """The strategies that fit an architecture, the default first.

    Raises:
        BadRecipe: there is no such architecture.
    """
    for prefix, strategies in FAMILIES.items():
        if architecture.startswith(prefix):
            return strategies
    if architecture not in STRATEGIES:
        raise BadRecipe(f"unknown architecture {architecture!r}; there are: {KNOWN}")
    return STRATEGIES[architecture]


def build_backbone(architecture: str, weights: Weights = RANDOM, size: int | None = None) -> Backbone:
    """A network of the catalogue without its last layer. `size`: the pixels of the square that it sees, where
    these are not its own.

    Raises:
        BadRecipe: there is no such architecture.
        WeightsUnavailable: its weights cannot be had.
    """
    strategies_of(architecture)
    for prefix, build in _builders().items():
        if architecture.startswith(prefix):
            backbone = build(architecture, weights)
            return backbone if size is None else backbone.at_size(size)
    raise AssertionError(architecture)


def _builders() -> dict[str, Callable[[str, Weights], Backbone]]:
    from training.networks.clip import clip_network
    from training.networks.convolutional import deep_cnn, simple_cnn
    from training.networks.efficientnet_lite0 import efficientnet_lite0
    from training.networks.timm_networks import timm_network
    from training.networks.torchvision_networks import torchvision_network

    return {
        "simple_cnn": lambda _, __: simple_cnn(),
        "deep_cnn": lambda _, __: deep_cnn(),
        "efficientnet_lite0": lambda _, weights: efficientnet_lite0(weights),
        "efficientnet_b0": torchvision_network,
        "resnet18": torchvision_network,
        "vgg16": torchvision_network,
        "timm:": timm_network,
        "clip:": clip_network,
    }
