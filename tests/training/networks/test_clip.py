"""CLIP from a folder: a tiny one with weights that were never trained."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from numpy.typing import NDArray
from sqlalchemy import Engine
from torch import Tensor
from torch.nn import functional
from transformers import (
    AutoTokenizer,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
)
from transformers.utils import logging

from backend.inference.bundle import Bundle, load_bundle
from backend.inference.errors import UnusableText
from tests.drawing import draw_class_folders
from tests.training.making import take_in
from training.dataset import load_dataset
from training.errors import WeightsUnavailable
from training.methods import train
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.networks.clip import prompt_head, prompts, text_side
from training.networks.weights import Weights
from training.probing import packed
from training.progress import Silent
from training.publishing import publish
from training.recipe import Recipe
from training.workshop import Workshop

TINY = "clip:tiny"
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A CLIP of few layers for pictures of 32 pixels, as its hub would hand it over."""
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
        **size | {"num_hidden_layers": 1},  # it takes a second to export each
        vocab_size=len(words),
        bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1,
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


def test_nothing_of_transformers_own_is_shown_while_it_is_loaded(
    folder: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    file = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(file) | {"stray": torch.zeros(1)}
    safetensors.torch.save_file(tensors, file, {"format": "pt"})
    logging.add_handler(caplog.handler)
    try:
        CLIPModel.from_pretrained(folder)
        assert "Loading weights" in capfd.readouterr().err
        assert "LOAD REPORT" in caplog.text
        caplog.clear()
        before = logging.get_verbosity()
        build_backbone(TINY, Weights(pretrained=True, path=folder))
        text_side(TINY, Weights(pretrained=True, path=folder))
        assert capfd.readouterr() == ("", "")
        assert caplog.text == ""
        assert logging.get_verbosity() == before
    finally:
        logging.remove_handler(caplog.handler)


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
    check_texts(bundle, folder)
    check_alignment(bundle, folder, images)


def check_texts(bundle: Bundle, folder: Path) -> None:
    """Texts have the embeddings that transformers gives them."""
    texts = [
        "cat",
        "a black cat on a sofa",
        "A photo of 2  SNOW-leopards; it's raining!",
        "ein Bär",
        "a " * 75,
    ]
    assert bundle.text is not None
    np.testing.assert_allclose(bundle.text.encode(texts), texts_by_clip(folder, texts), atol=1e-4)
    assert bundle.manifest.text is not None
    assert bundle.manifest.text.agreement is not None
    assert bundle.manifest.text.agreement.worst_difference < 1e-5
    with pytest.raises(UnusableText, match="comes to 76 pieces of words, at most 75"):
        bundle.text.encode(["a " * 76])


def check_alignment(bundle: Bundle, folder: Path, images: NDArray[np.float32]) -> None:
    """It is told of texts and pictures that they are as comparable as CLIP's own where they are."""
    clip: Any = CLIPModel.from_pretrained(folder)
    with torch.inference_mode():
        theirs = functional.normalize(clip.eval().get_image_features(torch.from_numpy(images)).pooler_output)
    ours = bundle.model.run(images)
    assert bundle.text is not None
    assert bundle.text.aligned == np.allclose(ours.embedding, theirs, atol=1e-5)
    if bundle.manifest.training["strategy"] == "zero-shot":
        assert bundle.text.aligned
        asked = np.stack(
            [bundle.text.encode(prompts(label)).mean(axis=0) for label in bundle.manifest.labels]
        )
        asked *= float(clip.logit_scale.detach().exp()) / np.linalg.norm(asked, axis=1, keepdims=True)
        np.testing.assert_allclose(ours.embedding @ asked.T, ours.logits, atol=1e-4)


def texts_by_clip(folder: Path, texts: list[str]) -> Tensor:
    """What transformers makes of texts, at length 1."""
    clip: Any = CLIPModel.from_pretrained(folder)
    tokens = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        return functional.normalize(clip.eval().get_text_features(**tokens).pooler_output)


def test_texts_of_an_old_configuration_end_where_transformers_ends_them(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["eos_token_id"] = 2  # as the first ones that were published say, wrongly
    (folder / "config.json").write_text(json.dumps(config))
    side = text_side(TINY, Weights(pretrained=True, path=folder))
    texts = ["a black cat", "on a sofa, asleep"]
    torch.testing.assert_close(side.embed(texts), texts_by_clip(folder, texts))


@pytest.mark.parametrize("absent", [["merges.txt"], ["vocab.json", "merges.txt"]])
def test_without_its_tokenizer_it_learns_pictures_and_reads_no_labels(
    folder: Path, absent: list[str]
) -> None:
    for name in absent:
        (folder / name).unlink()
    recipe = Recipe(architecture=TINY, weights=folder)
    network = Classifier(build_backbone(TINY, Weights(True, folder)), 2, dropout=0, cosine=True)
    trained = packed(network, recipe, recipe.facts(), frozen=True)
    assert trained.text is None
    assert "the tokenizer of clip:tiny is not in" in str(trained.facts["reads_no_texts"])
    with pytest.raises(WeightsUnavailable, match=r"vocab\.json and merges\.txt, .* are wanted beside"):
        prompt_head(TINY, Weights(True, folder), ["cat", "dog"])


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"no folder of weights at .*absent"):
        build_backbone(TINY, Weights(pretrained=True, path=tmp_path / "absent"))


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "preprocessor_config.json"])
def test_a_folder_that_lacks_a_part_is_refused_and_not_made_up(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(WeightsUnavailable, match=rf"{folder} holds no CLIP .*{name.partition('.')[0]}"):
        build_backbone(TINY, Weights(pretrained=True, path=folder))


def test_weights_that_are_broken_off_or_lack_tensors_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    tensors = safetensors.torch.load(whole)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsUnavailable, match=f"{folder} holds no CLIP"):
        build_backbone(TINY, Weights(pretrained=True, path=folder))
    del tensors["logit_scale"]
    safetensors.torch.save_file(tensors, path)
    with pytest.raises(WeightsUnavailable, match="it lacks logit_scale and 0 other tensors"):
        build_backbone(TINY, Weights(pretrained=True, path=folder))
