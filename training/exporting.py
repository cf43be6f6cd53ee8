"""A torch module to the files of a bundle."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from backend.inference.bundle import file_sha256
from backend.inference.evidence import EVIDENCE
from backend.inference.manifest import (
    EVIDENCE_MODEL,
    GOLDEN,
    INT8_MODEL,
    MANIFEST,
    MODEL,
    TEXT_GOLDEN,
    TEXT_MODEL,
    TOKENIZER,
    Agreement,
    Manifest,
)
from backend.inference.prediction import sigmoid, softmax
from backend.inference.preprocessing import Preprocessing, normalise
from backend.inference.runtime import (
    ANIMAL_LOGIT,
    EMBEDDING,
    FEATURES,
    INPUT,
    LOGITS,
    STRANGENESS,
    OnnxModel,
    Raw,
)
from training.errors import BadExport
from training.explaining import evidence_for_likeliest, write_evidence
from training.grafting import graft_head
from training.networks.feature_maps import Explainable, WithFeatures
from training.onnx_graphs import write_graph

GOLDEN_INPUTS = 4
MOST_DIFFERENCE = 1e-4  # of a probability, between the network and its export


def export_model(module: nn.Module, spec: Preprocessing, folder: Path, stock: Path | None = None) -> None:
    """Writes `model.onnx`, `golden.npz` and, where the network is explainable, `evidence.onnx`.

    `module` takes images float32 [n, 3, size, size] and gives logits, embedding and perhaps
    animal_logit. What is expected of the golden inputs comes from torch itself, so that loading the
    bundle tests the export. `stock`: an ONNX file of the same network, but for the head on its embedding.
    """
    module.eval()
    pixels = golden_pixels(spec.size)
    images = torch.from_numpy(normalise(pixels, spec))
    golden = run_torch(module, images.numpy())
    names = [LOGITS, EMBEDDING] if golden.animal_logit is None else [LOGITS, EMBEDDING, ANIMAL_LOGIT]
    exported = module
    if isinstance(module, Explainable) and module.explains:
        golden = replace(golden, features=_feature_map(module, images, folder))
        exported, names = WithFeatures(module).eval(), [*names, FEATURES]
    if stock is not None and isinstance(module, Explainable):
        weight, bias = (part.detach().numpy() for part in (module.logit_head.weight, module.logit_head.bias))
        graft_head(stock, weight, bias, folder / MODEL)
    else:
        write_graph(folder / MODEL, exported, {INPUT: images}, names, {0: torch.export.Dim("n")})
    write_golden(folder, pixels, golden, evidence_for_likeliest(folder, golden))


def _feature_map(network: Explainable, images: torch.Tensor, folder: Path) -> NDArray[np.float32]:
    """torch's own, and `evidence.onnx` for it."""
    with torch.inference_mode():
        feature_map: NDArray[np.float32] = network.convolve(images).numpy()
    _, channels, rows, columns = feature_map.shape
    write_evidence(network.logit_head, (channels, rows, columns), folder)
    return feature_map


def write_golden(
    folder: Path, pixels: NDArray[np.uint8], expected: Raw, evidence: NDArray[np.float32] | None
) -> None:
    """Writes `golden.npz`: `pixels` uint8 [n, size, size, 3] and what is expected of them. `evidence`: for
    each one's likeliest label, float32 [n, rows, columns]."""
    named = {name: getattr(expected, name) for name in (LOGITS, EMBEDDING, ANIMAL_LOGIT, STRANGENESS)}
    named[EVIDENCE] = evidence
    there = {name: array for name, array in named.items() if array is not None}
    np.savez_compressed(folder / GOLDEN, pixels=pixels, **there)


def run_torch(module: nn.Module, images: NDArray[np.float32]) -> Raw:
    """Raw outputs of a network in torch, for normalised pictures float32 [n, 3, size, size]."""
    with torch.inference_mode():
        logits, embedding, *gate = (output.numpy() for output in module(torch.from_numpy(images)))
    return Raw(logits, embedding, gate[0] if gate else None)


def check_agreement(module: nn.Module, model: OnnxModel, images: NDArray[np.float32]) -> Agreement:
    """Compares an exported network with the one it came from, on normalised real pictures.

    Raises:
        BadExport: a probability differs by more than 1e-4.
    """
    trained, exported = (_probabilities(raw) for raw in (run_torch(module, images), model.run(images)))
    worst = float(np.abs(trained - exported).max())
    if not worst <= MOST_DIFFERENCE:
        raise BadExport(
            f"the exported network's probabilities differ from the trained one's by {worst:.2g} on real "
            f"pictures, at most {MOST_DIFFERENCE:g} is borne"
        )
    return Agreement(pictures=len(images), worst_difference=worst)


def _probabilities(raw: Raw) -> NDArray[np.float32]:
    scores = softmax(raw.logits)
    return scores if raw.animal_logit is None else np.column_stack([scores, sigmoid(raw.animal_logit)])


def write_manifest(manifest: Manifest, folder: Path) -> None:
    text = manifest.model_dump_json(indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of the files that a manifest names."""
    names = (MODEL, INT8_MODEL, GOLDEN, EVIDENCE_MODEL, TEXT_MODEL, TOKENIZER, TEXT_GOLDEN)
    return {name: file_sha256(folder / name) for name in names if (folder / name).exists()}


def library_versions() -> dict[str, str]:
    names = ("torch", "timm", "lightning", "scikit-learn", "onnx", "onnxruntime", "numpy", "pillow")
    return {"python": sys.version.split()[0]} | {name: version(name) for name in names}


def timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def golden_pixels(size: int) -> NDArray[np.uint8]:
    """Pictures made by rule, uint8 [4, size, size, 3]: waves of colour that differ in direction and
    frequency."""
    y, x = np.mgrid[0:size, 0:size] / size
    pictures = []
    for number in range(GOLDEN_INPUTS):
        angles = [number + channel for channel in range(3)]
        waves = [np.sin(2 * np.pi * (number + 2) * (x * np.cos(a) + y * np.sin(a))) for a in angles]
        pictures.append(np.stack(waves, axis=-1))
    return np.asarray((np.stack(pictures) + 1) * 127.5, np.uint8)
