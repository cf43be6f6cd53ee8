"""What explains a network's answers, as a graph beside the network's own: see the manifest's `Explanation`.

Where features are the map's mean, a logit is a sum over places: class activation maps (Zhou et al. 2016,
arXiv:1512.04150). Where rectified dense layers follow, it is one with the slopes that these have at the
picture: HiResCAM (Draelos and Carin 2020, arXiv:2011.08891). The length that features are divided by is the
same for all places, and held as it is. Nothing is left out: all places and the rest add up to the logit.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from backend.inference.evidence import EVIDENCE, REST, EvidenceModel
from backend.inference.manifest import EVIDENCE_MODEL, Explanation
from backend.inference.runtime import FEATURES, OnnxModel, Raw
from training.networks.feature_maps import Head

OPSET, IR_VERSION = 18, 9
LEAST_LENGTH = 1e-12  # as torch's normalize has it

Shape = tuple[int, int, int]


class Nodes:
    """Nodes of a graph in the making, each with one output, and their constants."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operation: str, *inputs: str | NDArray[Any], name: str = "", **attributes: Any) -> str:
        """Adds a node; returns its output, called `name` if that is said. Arrays become constants."""
        name = name or f"value_{len(self.nodes)}"
        names = [one if isinstance(one, str) else self._constant(one) for one in inputs]
        self.nodes.append(helper.make_node(operation, names, [name], **attributes))
        return name

    def _constant(self, array: NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        return name


def write_evidence(head: Head, shape: Shape, folder: Path) -> None:
    """Writes `evidence.onnx`, for a feature map of `shape`: channels, rows and columns."""
    nodes = Nodes()
    weight, bias = _array(head.weight), _array(head.bias)
    features, places, rest = (_dense if head.dense else _pooled)(nodes, head, weight, shape)
    if head.length is not None:
        norm = nodes.add("ReduceL2", features, _whole(1))
        factor = nodes.add("Div", _number(head.length), nodes.add("Max", norm, _number(LEAST_LENGTH)))
        places = nodes.add("Mul", places, nodes.add("Reshape", factor, _whole(-1, 1, 1, 1)))
        rest = nodes.add("Mul", rest, factor)
    nodes.add("Identity", places, name=EVIDENCE)
    nodes.add("Add", rest, bias, name=REST)
    _save(nodes, len(weight), shape, folder / EVIDENCE_MODEL)


def explanation_of(model: OnnxModel) -> Explanation | None:
    """What a manifest tells of a graph that gives its feature map."""
    if model.features is None:
        return None
    channels, rows, columns = model.features
    return Explanation(channels=channels, rows=rows, columns=columns)


def evidence_for_likeliest(folder: Path, raw: Raw) -> NDArray[np.float32] | None:
    """What the graph in `folder` says of pictures' likeliest labels, float32 [n, rows, columns]; none where
    their feature maps are not there."""
    if raw.features is None:
        return None
    return EvidenceModel(folder / EVIDENCE_MODEL).run(raw.features).of_likeliest(raw.logits)


def _pooled(nodes: Nodes, head: Head, weight: NDArray[np.float32], shape: Shape) -> tuple[str, str, str]:
    """The features, what each place adds and what none does, before these are stretched."""
    del head
    channels, rows, columns = shape
    flat = nodes.add("Reshape", FEATURES, _whole(0, channels, rows * columns))
    shares = nodes.add("MatMul", weight / np.float32(rows * columns), flat)
    places = nodes.add("Reshape", shares, _whole(0, len(weight), rows, columns))
    n = nodes.add("Shape", FEATURES, start=0, end=1)
    nothing = nodes.add("Expand", np.zeros((1, 1), np.float32), nodes.add("Concat", n, _whole(1), axis=0))
    return nodes.add("ReduceMean", flat, _whole(2), keepdims=0), places, nothing


def _dense(nodes: Nodes, head: Head, weight: NDArray[np.float32], shape: Shape) -> tuple[str, str, str]:
    """As `_pooled`."""
    hidden, active = nodes.add("Flatten", FEATURES), []
    layers = [(_array(layer.weight), _array(layer.bias)) for layer in head.dense]
    for matrix, shift in layers:
        hidden = nodes.add("Relu", nodes.add("Gemm", hidden, matrix, shift, transB=1))
        active.append(nodes.add("Unsqueeze", nodes.add("Sign", hidden), _whole(1)))
    rests = []
    slopes: str | NDArray[Any] = weight  # of the logits, by what a layer gives
    for (matrix, shift), on in zip(reversed(layers), reversed(active), strict=True):
        slopes = nodes.add("Mul", slopes, on)
        rests.append(nodes.add("MatMul", slopes, shift))
        slopes = nodes.add("MatMul", slopes, matrix)
    by_channel = nodes.add("Reshape", slopes, _whole(0, len(weight), *shape))
    by_channel = nodes.add("Mul", by_channel, nodes.add("Unsqueeze", FEATURES, _whole(1)))
    return hidden, nodes.add("ReduceSum", by_channel, _whole(2), keepdims=0), nodes.add("Sum", *rests)


def _save(nodes: Nodes, labels: int, shape: Shape, path: Path) -> None:
    def value(name: str, *sizes: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *sizes])

    outputs = [value(EVIDENCE, labels, *shape[1:]), value(REST, labels)]
    graph = helper.make_graph(nodes.nodes, "evidence", [value(FEATURES, *shape)], outputs, nodes.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().numpy(), np.float32)


def _whole(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def _number(value: float) -> NDArray[np.float32]:
    return np.array(value, np.float32)
