"""CLIP (Radford et al. 2021, arXiv:2103.00020) by transformers.

Its image tower, and heads made of label prompts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoTokenizer, CLIPImageProcessor, CLIPModel

from backend.inference.preprocessing import Preprocessing
from training.networks.backbone import Anatomy, Backbone, group_parameters
from training.networks.weights import Weights, from_hub

PREFIX = "clip:"
# A few of the prompts that the paper's authors use for ImageNet: their mean is better than any one.
PROMPTS = (
    "a photo of a {}.",
    "a close-up photo of a {}.",
    "a drawing of a {}.",
    "a toy {}.",
    "a photo of one {}.",
)


class ImageTower(nn.Module):
    """Images float32 [n, 3, size, size] to CLIP's features [n, features], before they are normalised."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.vision_model = model.vision_model
        self.visual_projection = model.visual_projection

    def forward(self, images: Tensor) -> Tensor:
        pooled = self.vision_model(pixel_values=images).pooler_output
        features: Tensor = self.visual_projection(pooled)
        return features


def clip_network(architecture: str, weights: Weights) -> Backbone:
    """The image tower of `clip:NAME`, such as clip:openai/clip-vit-base-patch32, or of a folder.

    Raises:
        WeightsUnavailable: it cannot be had.
    """
    model = _load(architecture, weights, CLIPModel, dtype=torch.float32)
    processor = _load(architecture, weights, CLIPImageProcessor)
    tower = ImageTower(model.eval())
    layers = len(tower.vision_model.encoder.layers)
    blocks = group_parameters(
        tower,
        [
            "vision_model.embeddings.",
            "vision_model.pre_layrnorm.",
            *(f"vision_model.encoder.layers.{i}." for i in range(layers)),
            "vision_model.post_layernorm.",
            "visual_projection.",
        ],
    )
    features = model.config.projection_dim
    return Backbone(
        tower, Anatomy(architecture, features, _spec(processor), blocks, _source(architecture, weights))
    )


def prompt_head(architecture: str, weights: Weights, labels: Sequence[str]) -> tuple[Tensor, Tensor]:
    """A head for the embedding of length 1, from prompts alone: weight float32 [labels, features], bias 0.

    Raises:
        WeightsUnavailable: the model cannot be had.
    """
    model = _load(architecture, weights, CLIPModel, dtype=torch.float32).eval()
    tokenizer = _load(architecture, weights, AutoTokenizer)
    rows = []
    with torch.inference_mode():
        for label in labels:
            texts = [prompt.format(label.replace("_", " ")) for prompt in PROMPTS]
            tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
            pooled = model.text_model(**tokens).pooler_output
            rows.append(functional.normalize(model.text_projection(pooled)).mean(0))
        weight = functional.normalize(torch.stack(rows)) * model.logit_scale.exp()
    return weight.clone(), torch.zeros(len(labels))


def _load(architecture: str, weights: Weights, kind: Any, **options: Any) -> Any:
    source = _source(architecture, weights)
    address = str(weights.path) if weights.path else f"{constants.ENDPOINT}/{source}"
    return from_hub(architecture, address, lambda: kind.from_pretrained(source, **options))


def _source(architecture: str, weights: Weights) -> str:
    return str(Path(weights.path)) if weights.path else architecture.removeprefix(PREFIX)


def _spec(processor: CLIPImageProcessor) -> Preprocessing:
    crop, shorter = processor.crop_size["height"], processor.size["shortest_edge"]
    return Preprocessing(
        size=crop,
        resize="crop",
        crop_fraction=min(1.0, crop / shorter),
        interpolation="bicubic",
        mean=tuple(processor.image_mean),
        std=tuple(processor.image_std),
    )
