"""Another head on a network that is ONNX already: what a probe needs, in a tenth of an export's time."""

from collections.abc import MutableSequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from backend.inference.runtime import EMBEDDING, LOGITS

WEIGHT, BIAS, FORMER = "grafted_weight", "grafted_bias", "former_logits"


def graft_head(stock: Path, weight: NDArray[np.float32], bias: NDArray[np.float32], path: Path) -> None:
    """Writes the network in `stock` to `path` with other logits: embedding @ `weight`.T + `bias`, float32
    [labels, features] and [labels]. Its other outputs stay, and the order of all."""
    model = onnx.load(str(stock))
    graph = model.graph
    for node in graph.node:
        _rename(node.input, LOGITS, FORMER)
        _rename(node.output, LOGITS, FORMER)
    graph.initializer.extend(
        [numpy_helper.from_array(weight, WEIGHT), numpy_helper.from_array(bias, BIAS)],
    )
    graph.node.append(helper.make_node("Gemm", [EMBEDDING, WEIGHT, BIAS], [LOGITS], transB=1))
    (logits,) = (output for output in graph.output if output.name == LOGITS)
    logits.type.tensor_type.shape.dim[1].dim_value = len(weight)
    _drop_unused(graph)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _rename(names: MutableSequence[str], old: str, new: str) -> None:
    for i, name in enumerate(names):
        if name == old:
            names[i] = new


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Nodes and constants that no output needs any more."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):  # who needs a value comes after who makes it
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    constants = [one for one in graph.initializer if one.name in needed]
    values = [one for one in graph.value_info if one.name in needed]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(constants)
    graph.value_info.extend(values)
