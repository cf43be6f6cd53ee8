"""Another head on a network that is ONNX already: its logits are new, and all else is as it was."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from backend.inference.runtime import ANIMAL_LOGIT, EMBEDDING, INPUT, LOGITS, OnnxModel
from training.grafting import graft_head
from training.onnx_graphs import write_graph

SIDE, FEATURES = 8, 6


class Network(nn.Module):
    """Five labels; its gate goes by the logits or, like the starter's, by more of what they are part of."""

    def __init__(self, *, gate_by_logits: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Linear(3 * SIDE * SIDE, FEATURES)
        self.head = nn.Linear(FEATURES, 9)
        self.own = nn.Linear(FEATURES, 5)
        self.gate_by_logits = gate_by_logits

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.body(images.flatten(1))
        wide = self.head(features)
        logits = self.own(features) if self.gate_by_logits else wide[:, :5]
        gate = logits if self.gate_by_logits else wide
        return logits, functional.normalize(features), torch.logsumexp(gate, dim=1)


@pytest.mark.parametrize("gate_by_logits", [False, True])
def test_logits_are_those_of_the_new_head_and_all_else_stays(tmp_path: Path, *, gate_by_logits: bool) -> None:
    images = torch.rand(4, 3, SIDE, SIDE)
    network = Network(gate_by_logits=gate_by_logits).eval()
    stock, path = tmp_path / "stock.onnx", tmp_path / "grafted.onnx"
    names = [LOGITS, EMBEDDING, ANIMAL_LOGIT]
    write_graph(stock, network, {INPUT: images}, names, {0: torch.export.Dim("n")})
    rng = np.random.default_rng(1)
    weight, bias = rng.normal(size=(2, FEATURES)).astype(np.float32), np.array([3, -3], np.float32)

    graft_head(stock, weight, bias, path)

    before, after = (OnnxModel(one).run(images[:3].numpy()) for one in (stock, path))
    assert before.animal_logit is not None
    assert after.animal_logit is not None
    np.testing.assert_allclose(after.logits, before.embedding @ weight.T + bias, rtol=1e-5)
    np.testing.assert_array_equal(after.embedding, before.embedding)
    np.testing.assert_array_equal(after.animal_logit, before.animal_logit)
    written = onnx.load(str(path))
    assert [output.name for output in written.graph.output] == names
    assert written.graph.output[0].type.tensor_type.shape.dim[1].dim_value == 2
    used = {name for node in written.graph.node for name in node.input} | set(names)
    made = {name for node in written.graph.node for name in node.output}
    assert made | {one.name for one in written.graph.initializer} <= used
