"""A real bundle around a tiny real network that tells red, green and blue apart. No torch is needed to
make it."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from backend.inference.manifest import Manifest

LABELS = ("red", "green", "blue")
SIZE = 8
SHARPNESS = 20.0


def make_bundle(bundles: Path, version: str = "colours-1", task: str = "colours", **changes: Any) -> Path:
    """Writes `bundles`/`version`: logits and embedding are the picture's mean colour, the embedding of
    length 1.

    Its `animal_logit` is high for colourful pictures and low for grey ones. `changes` replace manifest
    values.
    """
    folder = bundles / version
    folder.mkdir(parents=True)
    onnx.save(_graph(), str(folder / "model.onnx"))
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)
    logits, embedding = expected_outputs(pixels)
    np.savez_compressed(folder / "golden.npz", pixels=pixels, logits=logits, embedding=embedding)
    write_manifest(folder, version, task, changes)
    return folder


def write_manifest(folder: Path, version: str, task: str, changes: dict[str, Any]) -> None:
    values = {
        "format_version": 1,
        "version": version,
        "task": task,
        "labels": LABELS,
        "preprocessing": {
            "size": SIZE,
            "resize": "squash",
            "crop_fraction": 1.0,
            "interpolation": "bilinear",
            "mean": (0.0, 0.0, 0.0),
            "std": (1.0, 1.0, 1.0),
        },
        "outputs": {"embedding_size": 3, "animal_logit": True, "open_set": False},
        "calibration": {"temperature": 1.0, "fitted_on": None},
        "thresholds": {"confidence": 0.9, "novelty": 0.5},
        "metrics": None,
        "dataset_fingerprint": None,
        "architecture": "mean_colour",
        "embedder": "mean-colour",
        "training": {},
        "libraries": {},
        "created_at": "2026-01-01T00:00:00+00:00",
        "files": {name: sha256(folder / name) for name in ("model.onnx", "golden.npz")},
    }
    manifest = Manifest.model_validate(values | changes)
    (folder / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")


def expected_outputs(pixels: Any) -> tuple[Any, Any]:
    """What the network should give for uint8 [n, size, size, 3], worked out without it."""
    means = (pixels.astype(np.float64) / 255).mean(axis=(1, 2))
    return (
        (SHARPNESS * means).astype(np.float32),
        (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32),
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _graph() -> onnx.ModelProto:
    constants = {"sharpness": SHARPNESS, "contrast": 40.0, "least": 0.2}
    initializers = [
        numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items()
    ]
    initializers.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("Mul", ["means", "sharpness"], ["logits"]),
        helper.make_node("LpNormalization", ["means"], ["embedding"], axis=1, p=2),
        helper.make_node("ReduceMax", ["means", "axis"], ["highest"], keepdims=0),
        helper.make_node("ReduceMin", ["means", "axis"], ["lowest"], keepdims=0),
        helper.make_node("Sub", ["highest", "lowest"], ["spread"]),
        helper.make_node("Sub", ["spread", "least"], ["over"]),
        helper.make_node("Mul", ["over", "contrast"], ["animal_logit"]),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3]),
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 3]),
        helper.make_tensor_value_info("animal_logit", TensorProto.FLOAT, ["n"]),
    ]
    graph = helper.make_graph(nodes, "mean_colour", [images], outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model
