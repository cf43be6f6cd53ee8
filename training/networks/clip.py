"""CLIP (Radford et al. 2021, arXiv:2103.00020) by transformers.

Its image tower, its text tower, and heads made of label prompts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoTokenizer, CLIPImageProcessor, CLIPModel
from transformers.utils import logging

from backend.inference.preprocessing import Preprocessing
from training.errors import WeightsUnavailable
from training.networks.backbone import Anatomy, Backbone, group_parameters
from training.networks.catalogue import CLIP
from training.networks.weights import Weights, from_hub

# Old configurations call this token the end of a text (transformers, #24773); what ends it is the last one.
OLD_END = 2
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


class TextTower(nn.Module):
    """Tokens int64 [n, length], start and end among them, to embeddings float32 [n, features] of length 1.

    No text sees what stands behind its end, for the attention is causal: padding there needs no mask.
    """

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.text_model = model.text_model
        self.text_projection = model.text_projection

    def forward(self, tokens: Tensor) -> Tensor:
        pooled = self.text_model(input_ids=tokens).pooler_output
        return functional.normalize(self.text_projection(pooled))


@dataclass(frozen=True)
class TextSide:
    """CLIP's half for texts as it was published, whatever the pictures' half is taught here.

    `tower`: see `TextTower`. `tokenizer`: of transformers. `context_length`: the most tokens that a text may
    have, start and end included. `pad_id`: the token to put behind the end of shorter ones.
    """

    tower: nn.Module
    tokenizer: Any
    context_length: int
    pad_id: int

    def tokens(self, texts: Sequence[str]) -> Tensor:
        """int64 [n, length of the longest]; what is too long is cut."""
        made = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.context_length, return_tensors="pt"
        )
        tokens: Tensor = made["input_ids"]
        return tokens

    def fits(self, text: str) -> bool:
        """Whether nothing of it is cut."""
        return len(self.tokenizer(text)["input_ids"]) <= self.context_length

    def embed(self, texts: Sequence[str]) -> Tensor:
        """float32 [n, features] of length 1."""
        with torch.inference_mode():
            embedding: Tensor = self.tower(self.tokens(texts))
        return embedding


def clip_network(architecture: str, weights: Weights) -> Backbone:
    """The image tower of `clip:NAME`, such as clip:openai/clip-vit-base-patch32, or of a folder.

    Raises:
        WeightsUnavailable: it cannot be had, or is no CLIP.
    """
    model = _model(architecture, weights)
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


def text_side(architecture: str, weights: Weights) -> TextSide:
    """What reads texts in `clip:NAME`.

    Raises:
        WeightsUnavailable: it cannot be had, is no CLIP, or there is no tokenizer for it.
    """
    return _text_side(architecture, weights, _model(architecture, weights))


def prompt_head(architecture: str, weights: Weights, labels: Sequence[str]) -> tuple[Tensor, Tensor]:
    """A head for the embedding of length 1, from prompts alone: weight float32 [labels, features], bias 0.

    Raises:
        WeightsUnavailable: the model cannot be had, is no CLIP, or there is no tokenizer for it.
    """
    model = _model(architecture, weights)
    side = _text_side(architecture, weights, model)
    rows = [side.embed(prompts(label)).mean(0) for label in labels]
    with torch.inference_mode():
        weight = functional.normalize(torch.stack(rows)) * model.logit_scale.exp()
    return weight.clone(), torch.zeros(len(labels))


def prompts(label: str) -> list[str]:
    """Texts that tell of a picture of `label`."""
    return [prompt.format(label.replace("_", " ")) for prompt in PROMPTS]


def _text_side(architecture: str, weights: Weights, model: Any) -> TextSide:
    embeddings, end = model.text_model.embeddings, model.text_model.eos_token_id
    if end == OLD_END:
        end = embeddings.token_embedding.num_embeddings - 1
    tokenizer = _tokenizer(architecture, weights, end)
    pad = end if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    most = min(tokenizer.model_max_length, embeddings.position_embedding.num_embeddings)
    return TextSide(TextTower(model.eval()), tokenizer, most, pad)


def _tokenizer(architecture: str, weights: Weights, end: int) -> Any:
    try:
        tokenizer = _load(architecture, weights, AutoTokenizer)
    except (ValueError, WeightsUnavailable):  # of its two files, one is absent
        tokenizer = None
    # Where both are absent, transformers makes one that knows no word.
    if tokenizer is None or tokenizer.eos_token_id != end:
        raise WeightsUnavailable(
            f"the tokenizer of {architecture} is not in {_source(architecture, weights)}, or is another "
            "model's: vocab.json and merges.txt, or tokenizer.json, are wanted beside the weights"
        )
    return tokenizer


def _model(architecture: str, weights: Weights) -> Any:
    model, told = _load(architecture, weights, CLIPModel, dtype=torch.float32, output_loading_info=True)
    if missing := told["missing_keys"]:  # transformers makes them up, and goes on
        raise WeightsUnavailable(
            f"{_source(architecture, weights)} holds no CLIP: it lacks {min(missing)} and "
            f"{len(missing) - 1} other tensors"
        )

    return model


def _load(architecture: str, weights: Weights, kind: Any, **options: Any) -> Any:
    source = _source(architecture, weights)
    if weights.path is None:
        address = f"{constants.ENDPOINT}/{source}"
        with _without_chatter():
            return from_hub(architecture, address, lambda: kind.from_pretrained(source, **options))
    _check_folder(weights.path)
    try:
        with _without_chatter():
            return kind.from_pretrained(source, **options)
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise WeightsUnavailable(f"{source} holds no CLIP as transformers saves it: {reason}") from error


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Keeps transformers' bars and its remarks on tensors off the person's screen; its errors come through,
    and so does what the hub's own library shows of a download, which may take minutes."""
    level, hook = logging.get_verbosity(), logging.set_tqdm_hook(_no_bar)
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        logging.set_tqdm_hook(hook)


def _no_bar(make: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """In the place of the bar that `make` would show."""
    del make
    return logging.EmptyTqdm(*given, **named)  # type: ignore[no-untyped-call]


def _check_folder(path: Path) -> None:
    if not path.is_dir():
        raise WeightsUnavailable(
            f"there is no folder of weights at {path}, such as transformers saves a CLIP in"
        )
    if not (path / "config.json").is_file():  # without it transformers takes a default, and goes on
        raise WeightsUnavailable(f"{path} holds no CLIP as transformers saves it: no config.json")


def _source(architecture: str, weights: Weights) -> str:
    return str(Path(weights.path)) if weights.path else architecture.removeprefix(CLIP)


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
