"""The small network, trained from scratch on drawn colours."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from backend.inference.bundle import Bundle, load_bundle
from backend.inference.manifest import Manifest
from backend.inference.preprocessing import normalise
from databases.schema import open_for_writing
from tests.drawing import draw_class_folders
from tests.training.making import take_in
from training.dataset import load_dataset
from training.exporting import golden_pixels
from training.methods import Recipe, Workshop, find_method
from training.progress import Silent
from training.publishing import publish
from training.simple_cnn import PATIENCE, fit

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


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bundle, Bundle]]:
    """Two networks that were trained on the same pictures with the same seed."""
    folder = tmp_path_factory.mktemp("simple_cnn")
    engine = open_for_writing(f"sqlite:///{folder / 'images.db'}")
    take_in(engine, draw_class_folders(folder / "pictures", per_label=8))
    manifests = [train(engine, folder / "bundles", epochs=5, seed=1) for _ in range(2)]
    first, second = (load_bundle(folder / "bundles" / manifest.version) for manifest in manifests)
    yield first, second
    engine.dispose()


def test_colours_are_learnt(twins: tuple[Bundle, Bundle]) -> None:
    metrics = twins[0].manifest.metrics
    assert metrics is not None
    assert metrics.accuracy == 1


def test_the_same_seed_gives_the_same_network(twins: tuple[Bundle, Bundle]) -> None:
    first, second = (twin.manifest for twin in twins)
    assert first.training == second.training
    assert first.training["seed"] == 1
    assert (first.metrics, first.thresholds) == (second.metrics, second.thresholds)
    assert (first.version, second.version) == ("colours-1", "colours-2")
    images = normalise(golden_pixels(first.preprocessing.size), first.preprocessing)
    np.testing.assert_allclose(
        twins[0].model.run(images).logits, twins[1].model.run(images).logits, atol=1e-5
    )


def test_a_bundle_says_how_it_was_calibrated_and_tells_novelty_without_an_animal_gate(
    twins: tuple[Bundle, Bundle],
) -> None:
    manifest = twins[0].manifest
    assert manifest.calibration.fitted_on == "val"
    assert not manifest.outputs.animal_logit
    assert manifest.embedder == manifest.files["model.onnx"]
    assert manifest.novelty is not None
    assert manifest.novelty.pictures < manifest.novelty.references  # val against train


def test_training_stops_when_val_stops_getting_better_and_the_best_is_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (16, 64, 64, 3), np.uint8)
    _, facts = fit(
        (pixels, [0, 1] * 8),
        (pixels, [1, 0] * 8),  # the more is learnt, the worse it gets
        2,
        epochs=60,
        seed=0,
        checkpoints=tmp_path,
        advance=lambda _: None,
    )
    assert isinstance(facts["epochs"], int)
    assert PATIENCE < facts["epochs"] < 60
