"""CLIP from a folder: a tiny one with weights that were never trained."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sqlalchemy import Engine
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from backend.inference.bundle import load_bundle
from tests.drawing import draw_class_folders
from tests.training.making import take_in
from training.dataset import load_dataset
from training.errors import WeightsUnavailable
from training.methods import train
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.networks.clip import prompt_head
from training.networks.weights import Weights
from training.progress import Silent
from training.publishing import publish
from training.recipe import Recipe
from training.workshop import Workshop

TINY = "clip:tiny"
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A CLIP of 2 layers for pictures of 32 pixels, as its hub would hand it over."""
    characters = [chr(code) for code in range(33, 127)]
    words = [
        *characters,
        *(f"{character}</w>" for character in characters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    path = tmp_path / "clip"
    path.mkdir()
    (path / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (path / "merges.txt").write_text("#version: 0.2\n")
    (path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    size: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    text = CLIPTextConfig(
        **size, vocab_size=len(words), bos_token_id=len(words) - 2, eos_token_id=len(words) - 1
    )
    vision = CLIPVisionConfig(**size, image_size=32, patch_size=8)
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=16)
    CLIPModel(config).save_pretrained(path)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(
        path
    )
    return path


def test_the_image_tower_gives_what_clip_itself_gives(folder: Path) -> None:
    backbone = build_backbone(TINY, Weights(pretrained=True, path=folder)).eval()
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        clip: Any = CLIPModel.from_pretrained(folder)
        theirs = clip.eval().get_image_features(images)
        theirs = theirs if isinstance(theirs, torch.Tensor) else theirs.pooler_output
        torch.testing.assert_close(backbone(images), theirs)
    assert backbone.anatomy.features == 16
    assert len(backbone.anatomy.blocks) == 6  # embeddings, norm, two layers, norm, projection


def test_a_head_of_prompts_points_where_the_labels_texts_point(folder: Path) -> None:
    weight, bias = prompt_head(TINY, Weights(pretrained=True, path=folder), ["cat", "dog", "snow_leopard"])
    scale = CLIPModel.from_pretrained(folder).logit_scale.exp()
    torch.testing.assert_close(weight.norm(dim=1), scale.detach().expand(3))
    assert not torch.allclose(weight[0], weight[1])
    assert torch.equal(bias, torch.zeros(3))


@pytest.mark.parametrize("strategy", ["zero-shot", "finetune"])
def test_it_becomes_a_bundle_like_any_other(
    strategy: str, folder: Path, engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=8))
    dataset = load_dataset(engine, "colours")
    recipe = Recipe.model_validate(
        {"architecture": TINY, "strategy": strategy, "weights": folder, "epochs": 1, "unfreeze": 2}
    )
    trained = train(Workshop(engine, bundles, Silent()), dataset, recipe)
    assert trained is not None
    assert isinstance(trained.module, Classifier)
    manifest = publish(engine, bundles, dataset, trained, Silent())
    bundle = load_bundle(bundles / manifest.version)
    images = np.random.default_rng(0).random((3, 3, 32, 32), np.float32)
    with torch.inference_mode():
        logits = trained.module(torch.from_numpy(images))[0]
    np.testing.assert_allclose(bundle.model.run(images).logits, logits, atol=1e-4)


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"weights of clip:tiny .* from .*absent"):
        build_backbone(TINY, Weights(pretrained=True, path=tmp_path / "absent"))
