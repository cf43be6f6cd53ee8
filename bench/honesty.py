"""Whether a bundle's numbers are honest: its calibration, what it refuses, how fast it answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sqlalchemy import Engine

from backend.inference.bundle import Bundle, load_bundle
from backend.inference.decoding import decode
from backend.inference.prediction import Predictor
from backend.inference.preprocessing import preprocess
from training.dataset import Dataset, load_dataset
from training.evaluation import evaluate
from training.latency import paired_medians_ms
from training.progress import Silent


@dataclass(frozen=True)
class Refusals:
    """Novelty on pictures that show a label of the task and on ones that show none. Shares, 0..1."""

    auroc: float
    false_refusals: float
    unknown_refused: float


@dataclass(frozen=True)
class Latency:
    """Median milliseconds for one preprocessed picture, measured in turn."""

    torch_ms: float
    served_ms: float

    @property
    def times_faster(self) -> float:
        return self.torch_ms / self.served_ms


def calibration_error(engine: Engine, bundle: Path) -> float:
    """The expected calibration error on the test split of the bundle's task, measured anew."""
    loaded = load_bundle(bundle)
    images = load_dataset(engine, loaded.manifest.task).test
    ece = evaluate(loaded, images, "test", Silent()).metrics.ece
    assert ece is not None
    return ece


def try_refusals(engine: Engine, bundle: Path, unknown: Iterable[Path]) -> Refusals:
    """The bundle on the test split of its task, and on pictures that show none of its labels."""
    loaded = load_bundle(bundle)
    dataset = load_dataset(engine, loaded.manifest.task)
    known_novelty, known_refused = _ask(loaded, files_of_test(dataset))
    other_novelty, other_refused = _ask(loaded, unknown)
    strange = np.r_[np.zeros(len(known_novelty)), np.ones(len(other_novelty))]
    return Refusals(
        auroc=float(roc_auc_score(strange, np.r_[known_novelty, other_novelty])),
        false_refusals=float(known_refused.mean()),
        unknown_refused=float(other_refused.mean()),
    )


def against_torch(module: Any, bundle: Path, picture: Path, rounds: int = 30) -> Latency:
    """A torch network as it stands (eager) beside the bundle's file that serves, on one picture."""
    import torch

    loaded = load_bundle(bundle)
    images = preprocess([decode(picture.read_bytes()).image], loaded.manifest.preprocessing)
    tensor = torch.from_numpy(images)

    def eager() -> None:
        with torch.inference_mode():
            module(tensor)

    torch_ms, served_ms = paired_medians_ms([eager, lambda: loaded.model.run(images)], rounds)
    return Latency(torch_ms, served_ms)


def files_of_test(dataset: Dataset) -> list[Path]:
    return [Path(image.root_uri, image.uri) for image in dataset.test]


def _ask(bundle: Bundle, paths: Iterable[Path]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The novelty of each picture, and whether it was refused."""
    predictor = Predictor(bundle)
    answers = [predictor.predict([decode(path.read_bytes()).image])[0] for path in paths]
    return np.array([answer.novelty for answer in answers], float), np.array(
        [answer.verdict == "not_an_animal" for answer in answers]
    )
