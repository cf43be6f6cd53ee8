"""Any network that timm knows, with its pretrained weights."""

from difflib import get_close_matches
from typing import Any

import timm
from huggingface_hub import constants
from timm.data.config import resolve_model_data_config

from backend.inference.preprocessing import INTERPOLATIONS, Preprocessing
from training.errors import BadRecipe
from training.networks.backbone import Anatomy, Backbone
from training.networks.weights import Weights, from_hub, load_weights

PREFIX = "timm:"


def timm_network(architecture: str, weights: Weights) -> Backbone:
    """`timm:NAME`, without its last layer.

    Raises:
        BadRecipe: timm knows no such network, or it takes no pictures of a fixed size.
        WeightsUnavailable: the weights cannot be had.
    """
    name = architecture.removeprefix(PREFIX)
    if name.partition(".")[0] not in timm.list_models():
        close = get_close_matches(name, timm.list_models(), n=5) or ["timm.list_models() has them all"]
        raise BadRecipe(f"timm knows no network {name!r}; close to it: {', '.join(close)}")
    body: Any
    pretrained: str | None
    if weights.pretrained and weights.path is None:
        address = _address(name)
        body = from_hub(
            architecture, address, lambda: timm.create_model(name, pretrained=True, num_classes=0)
        )
        pretrained = body.pretrained_cfg.get("hf_hub_id") or address
    else:
        body, pretrained = timm.create_model(name, pretrained=False, num_classes=0), None
        if weights.path is not None:
            head = body.default_cfg["classifier"]
            pretrained = load_weights(body, weights.path, head=(head,) if isinstance(head, str) else head)
    features = body.head_hidden_size  # what is left when the last layer goes: not always `num_features`
    return Backbone(body, Anatomy(architecture, features, _spec(body), blocks_of(body), pretrained))


def blocks_of(body: Any) -> list[list[str]]:
    """timm's own grouping of a network's parameters into blocks, from the input to the top."""
    groups: dict[int, list[str]] = timm.models.group_parameters(body, body.group_matcher(coarse=False))
    return [groups[key] for key in sorted(groups)]


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
