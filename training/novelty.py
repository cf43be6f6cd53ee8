"""Pictures unlike those a network was taught: how strange one is, and from where on that is too strange.

Strangeness is the distance to the fifth nearest of the pictures that were learnt from (Sun et al. 2022,
arXiv:2204.06507, deep nearest neighbours) and, where the network tells animals from other things, the less an
animal, the stranger; each in units of its spread over the task's own pictures. The sum was chosen over energy
(Liu et al. 2020), Mahalanobis distance (Lee et al. 2018) and either part alone: of those that let a label's
pictures from another collection pass, it refuses most of what is no animal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from backend.inference.manifest import Novelty
from backend.inference.runtime import ANIMAL_LOGIT, EMBEDDING, STRANGENESS, Raw

NEIGHBOURS = 5
# What a bundle carries; 1,000 embeddings of 1,280 numbers are 5 MB and a tenth of a millisecond.
MOST_REFERENCES = 1000
# The share of a task's own pictures that may be refused. With an animal gate what is no animal lies so far
# off that half as many refusals still catch nearly all of it: over 40 splits of the train and val pictures of
# eight animals, what is wrongly refused and what passes of other things come to 1.4 % together, at 0.02 to
# 1.9 %. Without a gate, over 60 splits of all pictures, it would be 11.7 % against 6.6 %. Of a test split of
# 137 pictures, with 779 held out,
# more than 5 % are then refused in one of 900 draws, at 0.02 in one of 37, by the beta-binomial distribution
# (Angelopoulos and Bates 2021, arXiv:2107.07511, section 3.2).
TARGET_REFUSALS, GATED_TARGET_REFUSALS = 0.02, 0.01
STEPS = 100
# Below these spreads differences are but rounding: cosines of 1,280 float32 are exact to some 1e-6.
LEAST_DISTANCE_SPREAD, LEAST_LOGIT_SPREAD = 1e-3, 0.1


@dataclass(frozen=True)
class References:
    """`embeddings`: float32 [n, embedding_size] of what was learnt from. A distance and an animal logit are
    divided by their spread; `animal_spread` is none where the network has no animal gate."""

    embeddings: NDArray[np.float32]
    neighbours: int
    distance_spread: float
    animal_spread: float | None

    def strangeness(self, raw: Raw) -> NDArray[np.float32]:
        """Float32 [n] for raw outputs of pictures that are not among the references."""
        return self.combine(_distances(raw.embedding @ self.embeddings.T, self.neighbours), raw.animal_logit)

    def combine(
        self, distances: NDArray[np.float32], animal_logit: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        strangeness = distances / np.float32(self.distance_spread)
        if animal_logit is not None and self.animal_spread is not None:
            strangeness = strangeness - animal_logit / np.float32(self.animal_spread)
        return strangeness


def fit_novelty(learnt: Raw, contents: Sequence[str], held_out: Raw | None) -> tuple[References, Novelty]:
    """References from raw outputs of what was learnt from, and quantiles from what was `held_out`.

    `held_out` may be none where the embedding was not trained on these pictures: each is then compared with
    all others but its copies, told by `contents`: what each shows.
    """
    similarities = _between(learnt, contents) if held_out is None else held_out.embedding @ learnt.embedding.T
    own = learnt if held_out is None else held_out
    neighbours = min(NEIGHBOURS, len(learnt.embedding))
    distances = _distances(similarities, neighbours)
    references = References(
        learnt.embedding,
        neighbours,
        max(LEAST_DISTANCE_SPREAD, float(distances.std())),
        None if own.animal_logit is None else max(LEAST_LOGIT_SPREAD, float(own.animal_logit.std())),
    )
    strangeness = references.combine(distances, own.animal_logit)
    return references, Novelty(
        neighbours=neighbours,
        references=len(learnt.embedding),
        pictures=len(strangeness),
        quantiles=_quantiles(strangeness),
    )


def add_strangeness(path: Path, references: References) -> None:
    """Gives the graph in `path` the output `strangeness`."""
    model = onnx.load(str(path))
    graph = model.graph
    constants: dict[str, NDArray[Any]] = {
        "novelty_references": np.ascontiguousarray(references.embeddings.T),
        "novelty_neighbours": np.array([references.neighbours], np.int64),
        "novelty_axis": np.array([1], np.int64),
        "novelty_one": np.array(1, np.float32),
        "novelty_distance_spread": np.array(references.distance_spread, np.float32),
    }
    gated = references.animal_spread is not None
    last = "novelty_scaled" if gated else STRANGENESS
    nodes = [
        helper.make_node("MatMul", [EMBEDDING, "novelty_references"], ["novelty_similarities"]),
        helper.make_node(
            "TopK",
            ["novelty_similarities", "novelty_neighbours"],
            ["novelty_nearest", "novelty_which"],
            axis=1,
        ),
        helper.make_node("ReduceMin", ["novelty_nearest", "novelty_axis"], ["novelty_last"], keepdims=0),
        helper.make_node("Sub", ["novelty_one", "novelty_last"], ["novelty_distance"]),
        helper.make_node("Div", ["novelty_distance", "novelty_distance_spread"], [last]),
    ]
    if gated:
        constants["novelty_animal_spread"] = np.array(references.animal_spread, np.float32)
        nodes += [
            helper.make_node("Div", [ANIMAL_LOGIT, "novelty_animal_spread"], ["novelty_animal"]),
            helper.make_node("Sub", ["novelty_scaled", "novelty_animal"], [STRANGENESS]),
        ]
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    graph.node.extend(nodes)
    graph.output.append(helper.make_tensor_value_info(STRANGENESS, onnx.TensorProto.FLOAT, [None]))
    onnx.save(model, str(path))


def attainable_refusals(pictures: int, *, gated: bool) -> float:
    """The share of a task's own pictures that is refused, where `pictures` were held back; `gated`: whether
    the network tells animals from other things.

    0.01 with a gate, as long as these are enough for it, and 0.02 otherwise; none where they are so few that
    a new one is the strangest by chance more often than that.
    """
    targets = (GATED_TARGET_REFUSALS, TARGET_REFUSALS) if gated else (TARGET_REFUSALS,)
    return next((target for target in targets if 1 / (pictures + 1) <= target), 0.0)


def _between(learnt: Raw, contents: Sequence[str]) -> NDArray[np.float32]:
    similarities = learnt.embedding @ learnt.embedding.T
    _, content = np.unique(list(contents), return_inverse=True)
    similarities[content[:, None] == content[None, :]] = -1  # as far away as can be
    return similarities


def _distances(similarities: NDArray[np.float32], neighbours: int) -> NDArray[np.float32]:
    """Cosines [n, references] to the distance [n] of the last of so many nearest."""
    return 1 - np.partition(similarities, -neighbours, axis=1)[:, -neighbours]


def _quantiles(strangeness: NDArray[np.float32]) -> tuple[float, ...]:
    # Split conformal prediction's ranks (Angelopoulos and Bates 2021, arXiv:2107.07511, section 1.1).
    ordered = np.sort(strangeness)
    n = len(ordered)
    ranks = np.ceil((n + 1) * np.arange(STEPS + 1) / STEPS).astype(int)
    return tuple(float(value) for value in ordered[np.clip(ranks, 1, n) - 1])
