"""Weights that cannot be had are told of with where they lie, and how to do without a network."""

from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants, hf_hub_download
from torch.hub import download_url_to_file

from training.errors import WeightsUnavailable
from training.networks.weights import from_hub


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "weights.pt"
    file.write_bytes(b"the first half of")
    return file


@pytest.mark.parametrize(
    ("fetch", "why"),
    [
        (lambda file: download_url_to_file(file.as_uri(), f"{file}.copy", "abc", progress=False), "hash"),
        (lambda file: (file.parent / "nowhere").read_bytes(), "No such file"),
    ],
    ids=["came in pieces", "not there"],
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
