"""The variant in integers, and when it serves."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sqlalchemy import Engine
from torch import Tensor, nn
from torch.nn import functional

from backend.inference import runtime
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle
from backend.inference.evidence import EvidenceModel
from backend.inference.manifest import EVIDENCE_MODEL, INT8_MODEL, MODEL, Candidate
from backend.inference.preprocessing import Preprocessing, normalise
from backend.inference.runtime import OnnxModel
from tests.drawing import draw_class_folders
from tests.training.making import take_in
from training.dataset import load_dataset
from training.exporting import export_model, golden_pixels
from training.networks.feature_maps import Explainable, Head
from training.progress import Silent
from training.publishing import publish
from training.quantising import decide, quantise
from training.trained import Trained

SPEC = Preprocessing(
    size=32, resize="squash", crop_fraction=1, interpolation="bilinear", mean=(0, 0, 0), std=(1, 1, 1)
)


class Convolutions(Explainable):
    """Random convolutions of width 3, 64, 64, 64 beside each picture's colours, whose mean is the answer."""

    explains = True

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU()
        )

    @property
    def logit_head(self) -> Head:
        weight = torch.zeros(3, 67)
        weight[:, 64:] = 20 * torch.eye(3)[[2, 1, 0]]
        weight[:, 0] = 0.1
        return Head(weight, torch.zeros(3), length=None)

    def convolve(self, images: Tensor) -> Tensor:
        return torch.cat([self.layers(images), functional.avg_pool2d(images, 7, stride=1)], dim=1)

    def answer(self, feature_map: Tensor) -> tuple[Tensor, ...]:
        features = feature_map.mean((2, 3))
        return features @ self.logit_head.weight.T, functional.normalize(features[:, :64])

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return self.answer(self.convolve(images))


def candidate(file: str, accuracy: float, latency_ms: float) -> Candidate:
    return Candidate.model_validate({"file": file, "accuracy": accuracy, "latency_ms": latency_ms})


@pytest.mark.parametrize(
    ("accuracy", "latency_ms", "serves"),
    [(0.9, 4, INT8_MODEL), (0.895, 4, INT8_MODEL), (0.894, 4, MODEL), (0.9, 9, MODEL), (0.95, 12, MODEL)],
)
def test_int8_serves_if_it_loses_half_a_point_at_most_and_is_clearly_faster(
    accuracy: float, latency_ms: float, serves: str
) -> None:
    serving = decide(candidate(MODEL, 0.9, 10), candidate(INT8_MODEL, accuracy, latency_ms), 500)
    assert serving.file == serves
    assert f"{latency_ms:.1f} ms" in serving.reason
    assert len(serving.candidates) == 2


def test_integers_give_nearly_the_same_embedding(tmp_path: Path) -> None:
    export_model(Convolutions().eval(), SPEC, tmp_path)
    images = normalise(golden_pixels(32), SPEC)
    quantise(tmp_path / MODEL, tmp_path / INT8_MODEL, images)
    exact, int8 = (OnnxModel(tmp_path / name).run(images).embedding for name in (MODEL, INT8_MODEL))
    assert ((exact * int8).sum(axis=1) > 0.99).all()
    assert not np.array_equal(exact, int8)


# Prints how far the embedding of the golden inputs is from what it is elsewhere, in the way of each kind.
ELSEWHERE = """
import sys
from pathlib import Path
import numpy as np
from backend.inference.runtime import EMBEDDING, INPUT, OnnxModel, open_session
path, inputs = Path(sys.argv[1]), np.load(sys.argv[2])
plain = open_session(path).run([EMBEDDING], {INPUT: inputs["images"]})[0]
chosen = OnnxModel(path).run(inputs["images"]).embedding
print(*(abs(given - inputs["expected"]).max() for given in (plain, chosen)))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="of processors of this kind")
def test_a_processor_that_saturates_gives_the_same_in_its_slower_way(tmp_path: Path) -> None:
    qemu = shutil.which("qemu-x86_64")
    if qemu is None:
        assert not os.environ.get("MENAGERIE_QEMU"), "qemu-x86_64 is not installed"
        pytest.skip("qemu-x86_64 is not here; Debian has it in the package qemu-user")
    export_model(Convolutions().eval(), SPEC, tmp_path)
    images = normalise(golden_pixels(32), SPEC)
    quantise(tmp_path / MODEL, tmp_path / INT8_MODEL, images)
    model, inputs = tmp_path / INT8_MODEL, tmp_path / "inputs.npz"
    np.savez(inputs, images=images, expected=OnnxModel(model).run(images).embedding)
    done = subprocess.run(
        # Haswell has AVX2, and none of the instructions that add up four products at once.
        [
            qemu,
            "-cpu",
            "Haswell",
            sys.executable,
            "-c",
            ELSEWHERE,
            tmp_path / INT8_MODEL,
            tmp_path / "inputs.npz",
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    plain, chosen = map(float, done.stdout.split())
    assert plain > 0.01
    assert chosen < 1e-4
    assert "8-bit sums saturate on this processor" in done.stderr


def test_where_sums_saturate_the_slower_way_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    export_model(Convolutions().eval(), SPEC, tmp_path)
    images = normalise(golden_pixels(32), SPEC)
    quantise(tmp_path / MODEL, tmp_path / INT8_MODEL, images)
    before = OnnxModel(tmp_path / INT8_MODEL).run(images).embedding
    caplog.clear()
    monkeypatch.setattr(runtime, "SATURATED", -1)  # as if any difference were one
    after = OnnxModel(tmp_path / INT8_MODEL).run(images).embedding
    assert "model.int8.onnx runs in a slower, exact way" in caplog.text
    np.testing.assert_allclose(before, after, atol=1e-4)


def test_integers_explain_their_own_logits(tmp_path: Path) -> None:
    export_model(Convolutions().eval(), SPEC, tmp_path)
    images = normalise(golden_pixels(32), SPEC)
    quantise(tmp_path / MODEL, tmp_path / INT8_MODEL, images)
    raw = OnnxModel(tmp_path / INT8_MODEL).run(images, features=True)
    assert raw.features is not None
    found = EvidenceModel(tmp_path / EVIDENCE_MODEL).run(raw.features)
    np.testing.assert_allclose(found.logits, raw.logits, rtol=1e-3, atol=1e-3)


def test_a_published_bundle_serves_the_file_that_its_manifest_names(
    engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=8))
    dataset = load_dataset(engine, "colours")
    trained = Trained(Convolutions(), SPEC, 64, "convolutions", "convolutions", {})
    manifest = publish(engine, bundles, dataset, trained, Silent(), int8=True)
    folder = bundles / manifest.version
    assert (INT8_MODEL in manifest.files) == (manifest.serving.file == INT8_MODEL)
    assert (manifest.embedder == "convolutions") == (manifest.serving.file == MODEL)
    assert [entry.file for entry in manifest.serving.candidates] == [MODEL, INT8_MODEL]
    assert load_bundle(folder).evidence is not None
    (folder / manifest.serving.file).write_bytes(b"damaged")
    with pytest.raises(BadBundle, match=manifest.serving.file):
        load_bundle(folder)
