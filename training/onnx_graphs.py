"""A torch module to a graph of ONNX."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn


def write_graph(
    path: Path,
    module: nn.Module,
    example: dict[str, torch.Tensor],
    outputs: Sequence[str],
    free: dict[int, Any],
) -> None:
    """Writes `module` as ONNX, whose one input is named and shaped as `example` is; the axes `free` of it may
    have other lengths."""
    ((name, tensor),) = example.items()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            module, (tensor,), input_names=[name], dynamic_shapes=(free,), verbose=False
        )
        assert program is not None
        _name_outputs(program.model.graph, outputs)
        program.save(path, external_data=False)


def _name_outputs(graph: Any, names: Sequence[str]) -> None:
    # The exporter names inner values after the operations that made them: one may be called "embedding" too.
    inner = [value for node in graph for value in node.outputs] + list(graph.initializers.values())
    for value in inner:
        if value.name in names:
            value.name = f"{value.name}_within"
    for value, name in zip(graph.outputs, names, strict=True):
        value.name = name
