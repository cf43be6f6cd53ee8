"""Weights that cannot be had are told of with where they lie, and how to do without a network."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants, hf_hub_download
from torch import nn
from torch.hub import download_url_to_file

from training.errors import WeightsUnavailable
from training.networks.catalogue import build_backbone
from training.networks.weights import Weights, from_hub, load_weights


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "weights.pt"
    file.write_bytes(b"the first half of")
    return file


def raise_without_a_word() -> None:
    raise ConnectionError


@pytest.mark.parametrize(
    ("fetch", "why"),
    [
        (lambda file: download_url_to_file(file.as_uri(), f"{file}.copy", "abc", progress=False), "hash"),
        (lambda file: (file.parent / "nowhere").read_bytes(), "No such file"),
        (lambda _: raise_without_a_word(), "ConnectionError"),
    ],
    ids=["came in pieces", "not there", "nobody knows why"],
)
def test_what_cannot_be_fetched_is_told_with_the_offline_way(
    file: Path, fetch: Callable[[Path], object], why: str
) -> None:
    with pytest.raises(WeightsUnavailable, match=rf"of b0 .*from hub\.example \(.*{why}.*--weights"):
        from_hub("b0", "hub.example", lambda: fetch(file))


def test_a_hub_whose_name_nobody_knows_is_not_asked_again_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", "https://hub.invalid")
    with pytest.raises(WeightsUnavailable, match=r"no network, or none that knows hub\.invalid"):
        from_hub("clip", "https://hub.invalid/clip", lambda: hf_hub_download("some/clip", "config.json"))
    assert "Retry" not in caplog.text
    assert from_hub("clip", "https://hub.invalid/clip", lambda: constants.HF_HUB_OFFLINE)  # what is kept
    assert not from_hub("b0", "https://elsewhere.invalid", lambda: constants.HF_HUB_OFFLINE)
    assert not constants.HF_HUB_OFFLINE


def test_weights_from_before_norms_counted_their_batches_are_loaded(tmp_path: Path) -> None:
    first, second = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
    nn.init.normal_(first.state_dict()["running_mean"])
    state = {name: value for name, value in first.state_dict().items() if name != "num_batches_tracked"}
    torch.save(state, tmp_path / "old.pth")
    load_weights(second, tmp_path / "old.pth", head=())
    assert torch.equal(second.state_dict()["running_mean"], state["running_mean"])
    torch.save({name: state[name] for name in ("weight", "bias", "running_var")}, tmp_path / "other.pth")
    with pytest.raises(WeightsUnavailable, match="lacks running_mean and 0 other tensors of 5"):
        load_weights(second, tmp_path / "other.pth", head=())


def test_a_network_that_never_had_a_last_layer_takes_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, headless = "test_resnet.r160_in1k", {"classifier": None}
    monkeypatch.setattr(timm, "create_model", partial(timm.create_model, pretrained_cfg_overlay=headless))
    torch.save(timm.create_model(name, num_classes=0).state_dict(), tmp_path / "weights.pth")
    backbone = build_backbone(f"timm:{name}", Weights(True, tmp_path / "weights.pth"))
    assert backbone.anatomy.pretrained is not None
