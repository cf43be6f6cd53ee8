"""What each place of a picture adds to each label: a bundle's feature map to its logits, place by place."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.inference.errors import BadBundle
from backend.inference.runtime import FEATURES, open_session

EVIDENCE = "evidence"
REST = "rest"


@dataclass(frozen=True)
class Evidence:
    """`places` float32 [n, labels, rows, columns]: what each place adds to each label's logit. `rest` float32
    [n, labels]: what no place does."""

    places: NDArray[np.float32]
    rest: NDArray[np.float32]

    @property
    def logits(self) -> NDArray[np.float32]:
        """What all comes to, float32 [n, labels]."""
        return np.asarray(self.places.sum(axis=(2, 3)) + self.rest, np.float32)

    def of_likeliest(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """That for each picture's likeliest label, float32 [n, rows, columns]."""
        return np.asarray(self.places[np.arange(len(logits)), logits.argmax(axis=1)], np.float32)


class EvidenceModel:
    """A bundle's graph from `features` to `evidence` and `rest`: see the manifest's `Explanation`.

    Raises:
        BadBundle: the file is no such graph.
    """

    def __init__(self, path: Path) -> None:
        # It is a product of two matrices: one thread does it in a millisecond, and more would wait for work.
        self._session = open_session(path, threads=1)
        inputs = [value.name for value in self._session.get_inputs()]
        outputs = [value.name for value in self._session.get_outputs()]
        if (inputs, outputs) != ([FEATURES], [EVIDENCE, REST]):
            raise BadBundle(
                f"{path} must have the one input {FEATURES!r} and the outputs {EVIDENCE!r}, {REST!r}"
            )

    def run(self, features: NDArray[np.float32]) -> Evidence:
        """`features`: float32 [n, channels, rows, columns]."""
        return Evidence(*self._session.run([EVIDENCE, REST], {FEATURES: features}))


def heat_of(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """What speaks for a label, in 0..1, from what each place adds to its logit, float32 [rows, columns].

    What speaks against it counts as 0, and the strongest place as 1 however little it adds: heat tells where
    the evidence is, and not how much there is of it. Where nothing speaks for the label, all is 0.
    """
    speaking = np.maximum(places, 0)
    most = speaking.max()
    return np.asarray(speaking / most if most > 0 else speaking, np.float32)
