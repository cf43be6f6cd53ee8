"""Every network of the catalogue, with weights made here."""

from pathlib import Path

import pytest
import safetensors.torch
import timm
import torch
from huggingface_hub import constants
from torch import nn
from torchvision.models import get_model

from training.errors import BadRecipe, WeightsUnavailable
from training.networks.backbone import Backbone, Classifier
from training.networks.catalogue import RESIZABLE, STRATEGIES, build_backbone
from training.networks.weights import Weights

SMALL = "timm:test_resnet.r160_in1k"
BLOCKS = {
    "simple_cnn": 3,
    "deep_cnn": 6,
    "efficientnet_lite0": 17,
    "efficientnet_b0": 18,
    "resnet18": 10,
    "vgg16": 15,
}


def images(backbone: Backbone, n: int = 2) -> torch.Tensor:
    size = backbone.anatomy.preprocessing.size
    return torch.rand((n, 3, size, size), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("architecture", [*STRATEGIES, SMALL, "timm:mobilenetv3_small_050"])
def test_a_network_gives_its_features_and_knows_its_blocks(architecture: str) -> None:
    backbone = build_backbone(architecture).eval()
    with torch.inference_mode():
        assert backbone(images(backbone)).shape == (2, backbone.anatomy.features)
    depths = backbone.depths()
    assert set(depths) == {name for name, _ in backbone.named_parameters()}
    assert set(depths.values()) == set(range(len(backbone.anatomy.blocks)))
    assert len(backbone.anatomy.blocks) == BLOCKS.get(architecture, len(backbone.anatomy.blocks))
    first = next(iter(depths.values()))
    assert first == max(depths.values())  # the input's block lies deepest
    assert backbone.anatomy.pretrained is None


@pytest.mark.parametrize("architecture", RESIZABLE)
def test_a_network_may_see_larger_or_smaller_pictures(architecture: str) -> None:
    own = build_backbone(architecture).anatomy
    for size, crop in ((own.preprocessing.size // 2, own.preprocessing.crop_fraction), (320, 1.0)):
        backbone = build_backbone(architecture, size=size).eval()
        assert backbone.anatomy.preprocessing.size == size
        assert backbone.anatomy.preprocessing.crop_fraction == pytest.approx(crop)
        with torch.inference_mode():
            assert backbone(images(backbone)).shape == (2, own.features)


def test_a_head_made_for_embeddings_answers_as_made() -> None:
    network = Classifier(build_backbone(SMALL).eval(), 3, dropout=0.5, cosine=True).eval()
    weight, bias = torch.randn(3, network.backbone.anatomy.features), torch.randn(3)
    network.set_head(weight, bias)
    with torch.inference_mode():
        logits, embedding = network(images(network.backbone))
    torch.testing.assert_close(logits, embedding @ weight.T + bias)
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("architecture", ["resnet18", "efficientnet_b0", SMALL, "efficientnet_lite0"])
def test_weights_come_from_a_file_of_ones_own(architecture: str, suffix: str, tmp_path: Path) -> None:
    theirs = whole(architecture)
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": theirs.state_dict()}, path)
    else:
        safetensors.torch.save_file(theirs.state_dict(), path)
    backbone = build_backbone(architecture, Weights(pretrained=True, path=path))
    assert backbone.anatomy.pretrained is not None
    own = dict(theirs.named_parameters())
    for name, parameter in backbone.body.named_parameters():
        torch.testing.assert_close(parameter, own[name])


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_a_folder_as_the_hub_hands_it_over_will_do(name: str, tmp_path: Path) -> None:
    theirs = whole("resnet18")
    if name.endswith(".bin"):
        torch.save(theirs.state_dict(), tmp_path / name)
    else:
        safetensors.torch.save_file(theirs.state_dict(), tmp_path / name)
    backbone = build_backbone("resnet18", Weights(pretrained=True, path=tmp_path))
    torch.testing.assert_close(
        backbone.get_parameter("body.conv1.weight"), theirs.get_parameter("conv1.weight")
    )


def test_a_folder_without_weights_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=rf"no model\.safetensors or .* in {tmp_path}"):
        build_backbone("resnet18", Weights(pretrained=True, path=tmp_path))


def test_weights_without_their_last_layer_or_of_other_classes_will_do(tmp_path: Path) -> None:
    network = get_model("resnet18", weights=None, num_classes=7)
    torch.save(network.state_dict(), tmp_path / "seven.pth")
    backbone = build_backbone("resnet18", Weights(pretrained=True, path=tmp_path / "seven.pth"))
    torch.testing.assert_close(backbone.get_parameter("body.conv1.weight"), network.conv1.weight)


def whole(architecture: str) -> nn.Module:
    network: nn.Module
    if architecture in ("resnet18", "efficientnet_b0"):
        network = get_model(architecture, weights=None)
    else:
        name = architecture.removeprefix("timm:").replace("efficientnet_lite0", "tf_efficientnet_lite0")
        network = timm.create_model(name, pretrained=False)
    return network


def test_weights_of_another_network_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(get_model("resnet18", weights=None).state_dict(), path)
    with pytest.raises(WeightsUnavailable, match=r"weights of another network: it lacks classifier\.0\.bias"):
        build_backbone("vgg16", Weights(pretrained=True, path=path))
    wide = get_model("resnet18", weights=None)
    wide.conv1 = nn.Conv2d(3, 64, 3, bias=False)
    torch.save(wide.state_dict(), path)
    with pytest.raises(
        WeightsUnavailable, match=r"conv1\.weight has shape \[64, 3, 3, 3\], not \[64, 3, 7, 7\]"
    ):
        build_backbone("resnet18", Weights(pretrained=True, path=path))


@pytest.mark.parametrize("content", [b"", b"no tensors", b"\x80\x04N.", None])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_without_weights_is_refused(content: bytes | None, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{suffix}"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsUnavailable, match=str(path)):
        build_backbone("resnet18", Weights(pretrained=True, path=path))


def test_a_hub_that_is_away_is_named_with_the_way_around_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(
        WeightsUnavailable, match=r"weights of resnet18 .* from https://.*resnet18.*--weights"
    ):
        build_backbone("resnet18", Weights(pretrained=True))


def test_timms_hub_is_named_as_timm_asks_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        WeightsUnavailable, match=rf"weights of {SMALL} .* from https://huggingface\.co/timm/.*--weights"
    ):
        build_backbone(SMALL, Weights(pretrained=True))


def test_unknown_networks_are_refused_with_what_there_is() -> None:
    with pytest.raises(BadRecipe, match=r"timm knows no network 'resnet1'; close to it: .*resnet18"):
        build_backbone("timm:resnet1")
    with pytest.raises(BadRecipe, match="unknown architecture 'alexnet'; there are: simple_cnn"):
        build_backbone("alexnet")
