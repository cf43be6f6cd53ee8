"""Any network that timm knows, with its pretrained weights."""

from difflib import get_close_matches
from typing import Any

import timm
import torch
from huggingface_hub import constants
from timm.data.config import resolve_model_data_config
from torch import Tensor

from backend.inference.preprocessing import INTERPOLATIONS, Preprocessing
from training.errors import BadRecipe
from training.networks.backbone import Anatomy, Backbone
from training.networks.catalogue import TIMM
from training.networks.feature_maps import Cut, Pooled
from training.networks.weights import Weights, from_hub, load_weights


def timm_network(architecture: str, weights: Weights) -> Backbone:
    """`timm:NAME`, without its last layer.

    Raises:
        BadRecipe: timm knows no such network, or it takes no pictures of a fixed size.
        WeightsUnavailable: the weights cannot be had.
    """
    from_the_hub = weights.pretrained and weights.path is None
    check_known(architecture, pretrained=from_the_hub)
    name = architecture.removeprefix(TIMM)
    body: Any
    pretrained: str | None
    if from_the_hub:
        address = _address(name)
        body = from_hub(
            architecture, address, lambda: timm.create_model(name, pretrained=True, num_classes=0)
        )
        pretrained = body.pretrained_cfg.get("hf_hub_id") or address
    else:
        body, pretrained = timm.create_model(name, pretrained=False, num_classes=0), None
        if weights.path is not None:
            head = body.default_cfg["classifier"] or ()  # encoders have none
            pretrained = load_weights(body, weights.path, head=(head,) if isinstance(head, str) else head)
    features = body.head_hidden_size  # what is left when the last layer goes: not always `num_features`
    spec = _spec(body)
    cut = cut_of(body, spec.size)
    return Backbone(body, Anatomy(architecture, features, spec, blocks_of(body), pretrained, cut))


def check_known(architecture: str, *, pretrained: bool) -> None:
    """Raises BadRecipe where timm knows no network `timm:NAME` or, if `pretrained`, no weights of it."""
    name = architecture.removeprefix(TIMM)
    if name.partition(".")[0] not in timm.list_models():
        close = get_close_matches(name, timm.list_models(), n=5)
        hint = f"close to it: {', '.join(close)}" if close else "timm.list_models() has them all"
        raise BadRecipe(f"timm knows no network {name!r}; {hint}")
    if pretrained:
        _address(name)


def blocks_of(body: Any) -> list[list[str]]:
    """timm's own grouping of a network's parameters into blocks, from the input to the top."""
    groups: dict[int, list[str]] = timm.models.group_parameters(body, body.group_matcher(coarse=False))
    return [groups[key] for key in sorted(groups)]


def cut_of(body: Any, size: int) -> Cut | None:
    """Where to cut a body without its last layer; None where its features are not its feature map's mean.

    That is tried on one picture: timm has a thousand networks, and what comes behind the map differs: another
    pooling, a normalisation (ConvNeXt), one more layer (MobileNetV3), or no map at all (ViT).
    """
    if not hasattr(body, "forward_features") or not hasattr(body, "forward_head"):
        return None
    training = body.training
    body.eval()
    with torch.inference_mode():
        feature_map = body.forward_features(torch.linspace(-2, 2, 3 * size * size).reshape(1, 3, size, size))
        pooled = _is_pooled(body, feature_map)
    body.train(training)
    return POOLED if pooled else None


def _is_pooled(body: Any, feature_map: Any) -> bool:
    if not isinstance(feature_map, Tensor) or feature_map.ndim != 4:
        return False
    features, means = body.forward_head(feature_map), feature_map.mean((2, 3))
    return features.shape == means.shape and torch.allclose(features, means, rtol=1e-4, atol=1e-5)


def _map(body: Any, images: Tensor) -> Tensor:
    feature_map: Tensor = body.forward_features(images)
    return feature_map


def _pool(body: Any, feature_map: Tensor) -> Tensor:
    features: Tensor = body.forward_head(feature_map)
    return features


POOLED = Pooled(_map, _pool)


def _address(name: str) -> str:
    known = timm.get_pretrained_cfg(name, allow_unregistered=False)
    if known is None or not known.has_weights:
        raise BadRecipe(f"timm has no pretrained weights of {name!r}; say --strategy scratch, or --weights")
    return (
        f"{constants.ENDPOINT}/{known.hf_hub_id}" if known.hf_hub_id else str(known.url)
    )  # timm's own order


def _spec(body: Any) -> Preprocessing:
    config = resolve_model_data_config(body)  # type: ignore[no-untyped-call]
    _, height, width = config["input_size"]
    if height != width:
        raise BadRecipe(f"a network for {width} x {height} pixels: only square ones are known")
    interpolation = config["interpolation"] if config["interpolation"] in INTERPOLATIONS else "bicubic"
    return Preprocessing(
        size=height,
        resize="squash" if config["crop_mode"] == "squash" else "crop",
        crop_fraction=config["crop_pct"],
        interpolation=interpolation,
        mean=config["mean"],
        std=config["std"],
    )
