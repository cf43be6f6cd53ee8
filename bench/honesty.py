"""Whether a bundle's numbers are honest: its calibration, what it refuses, how fast it answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from backend.certainty import Share
from backend.inference.bundle import load_bundle
from backend.inference.decoding import decode
from backend.inference.preprocessing import preprocess
from training.dataset import load_dataset
from training.evaluation import evaluate, score
from training.latency import paired_medians_ms
from training.progress import Silent
from training.questions import from_paths
from training.refusals import Unknown, ask_strangers, refusals_of


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


def try_refusals(engine: Engine, bundle: Path, unknown: Path) -> tuple[Share, Unknown]:
    """The test pictures of the bundle's task that it refuses; and the same of a folder of pictures that show
    none of its labels, as `evaluate --unknown` measures them."""
    loaded = load_bundle(bundle)
    manifest = loaded.manifest
    strangers = ask_strangers(loaded, from_paths([unknown], frozenset(manifest.labels)), Silent())
    scored = score(loaded, load_dataset(engine, manifest.task).test, "test", Silent())
    refusals = refusals_of(manifest, scored, strangers)
    assert refusals is not None
    assert refusals.unknown is not None
    return refusals.falsely, refusals.unknown


def against_torch(module: Any, bundle: Path, picture: Path, rounds: int = 30) -> Latency:
    """A torch network as it stands (eager) beside the bundle's file that serves, on one picture."""
    import torch

    loaded = load_bundle(bundle)
    images = preprocess(
        [decode(picture.read_bytes(), least=loaded.manifest.preprocessing.least).image],
        loaded.manifest.preprocessing,
    )
    tensor = torch.from_numpy(images)

    def eager() -> None:
        with torch.inference_mode():
            module(tensor)

    torch_ms, served_ms = paired_medians_ms([eager, lambda: loaded.model.run(images)], rounds, stretch=8)
    return Latency(torch_ms, served_ms)
