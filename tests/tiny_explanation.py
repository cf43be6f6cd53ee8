"""What explains the tiny bundle's answers: its feature map is the picture itself, and each place speaks for
the colours that it has."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.tiny_bundle import LABELS, SHARPNESS, SIZE, make_bundle, sha256, write_manifest

EXPLANATION = {"channels": 3, "rows": SIZE, "columns": SIZE}
FILES = ("model.onnx", "golden.npz", "evidence.onnx")


def make_explained_bundle(bundles: Path, version: str = "colours-1") -> Path:
    """A bundle as of `make_bundle` that explains its answers."""
    folder = make_bundle(bundles, version)
    add_explanation(folder)
    return folder


def add_explanation(folder: Path, **changes: Any) -> None:
    """Gives a bundle that `make_bundle` wrote what explains its answers. `changes` replace golden arrays."""
    model = onnx.load(str(folder / "model.onnx"))
    model.graph.node.append(helper.make_node("Identity", ["images"], ["features"]))
    model.graph.output.append(_value("features", 3, SIZE, SIZE))
    onnx.save(model, str(folder / "model.onnx"))
    onnx.save(evidence_graph(SHARPNESS), str(folder / "evidence.onnx"))
    with np.load(folder / "golden.npz") as arrays:
        golden = dict(arrays)
    golden["evidence"] = places(golden["pixels"])[np.arange(3), golden["logits"].argmax(axis=1)]
    np.savez_compressed(folder / "golden.npz", **golden | changes)
    write_explained_manifest(folder)


def write_explained_manifest(folder: Path, **changes: Any) -> None:
    """The manifest for the files as they are now. `changes` replace its values."""
    files = {name: sha256(folder / name) for name in FILES if (folder / name).exists()}
    write_manifest(folder, folder.name, "colours", {"files": files, "explanation": EXPLANATION} | changes)


def places(pixels: Any) -> Any:
    """What each place should add to each logit, float32 [n, 3, size, size], found without the network."""
    return (SHARPNESS * pixels.transpose(0, 3, 1, 2) / (255 * SIZE**2)).astype(np.float32)


def evidence_graph(sharpness: float) -> onnx.ModelProto:
    constants = [
        numpy_helper.from_array(np.array(sharpness / SIZE**2, np.float32), "scale"),
        numpy_helper.from_array(np.array(0, np.float32), "none"),
        numpy_helper.from_array(np.array([2, 3], np.int64), "axes"),
    ]
    nodes = [
        helper.make_node("Mul", ["features", "scale"], ["evidence"]),
        helper.make_node("ReduceSum", ["features", "axes"], ["sums"], keepdims=0),
        helper.make_node("Mul", ["sums", "none"], ["rest"]),
    ]
    outputs = [_value("evidence", len(LABELS), SIZE, SIZE), _value("rest", len(LABELS))]
    graph = helper.make_graph(nodes, "evidence", [_value("features", 3, SIZE, SIZE)], outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def _value(name: str, *sizes: int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *sizes])
