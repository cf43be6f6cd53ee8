"""The small network, trained from scratch on drawn colours."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend.inference.bundle import load_bundle
from backend.inference.manifest import Manifest
from tests.drawing import draw_class_folders
from tests.training.making import take_in
from training.dataset import load_dataset
from training.methods import Recipe, Workshop, find_method
from training.progress import Silent
from training.publishing import publish

pytestmark = pytest.mark.filterwarnings(
    # Lightning's own: advice that a small data set makes pointless, and PyTorch calls that are getting old.
    "ignore:.*does not have many workers",
    "ignore:.*smaller than the logging interval",
    "ignore:.*LeafSpec:FutureWarning",
)


def train(engine: Engine, bundles: Path, epochs: int, seed: int) -> Manifest:
    recipe = Recipe("simple_cnn", "scratch", epochs, seed)
    dataset = load_dataset(engine, "colours")
    trained = find_method(recipe)(Workshop(engine, bundles, Silent()), dataset, recipe)
    return publish(engine, bundles, dataset, trained, Silent())


def test_colours_are_learnt_and_the_same_seed_gives_the_same_metrics(
    engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=8))
    first, second = (train(engine, bundles, epochs=8, seed=1) for _ in range(2))
    assert first.metrics is not None
    assert first.metrics.accuracy == 1
    assert (first.metrics, first.thresholds) == (second.metrics, second.thresholds)
    assert first.training == second.training
    assert first.training["seed"] == 1
    assert (first.version, second.version) == ("colours-1", "colours-2")


def test_its_bundle_loads_says_how_it_was_calibrated_and_has_no_animal_gate(
    engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=8))
    manifest = train(engine, bundles, epochs=1, seed=0)
    bundle = load_bundle(bundles / manifest.version)
    assert manifest.calibration.fitted_on == "val"
    assert manifest.thresholds.novelty is None
    assert manifest.embedder == manifest.files["model.onnx"]
    assert bundle.manifest == manifest
