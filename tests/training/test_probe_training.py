"""A probe trained from pictures to champion, as `demo --images` does it."""

import json
import sys

import numpy as np
import pytest
import torch
from sqlalchemy.orm import Session

from backend.bundles.places import workplace
from backend.inference.bundle import Bundle, load_bundle
from backend.inference.manifest import MANIFEST
from backend.inference.prediction import softmax
from backend.inference.preprocessing import normalise
from databases import embeddings, registry
from databases.registry import RegisteredModel
from tests.training.conftest import Colours
from training.dataset import Dataset, load_dataset
from training.evaluation import evaluate
from training.methods import train
from training.pictures import read_pixels, run_model
from training.progress import Silent
from training.publishing import Trained
from training.recipe import Recipe
from training.starter import VERSION as STARTER
from training.workshop import Workshop


@pytest.fixture(scope="module")
def champion(colours: Colours) -> RegisteredModel:
    with Session(colours.state.engine) as session:
        found = registry.champion(session, colours.task)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def bundle(colours: Colours, champion: RegisteredModel) -> Bundle:
    return load_bundle(colours.state.bundle(champion))


@pytest.fixture(scope="module")
def dataset(colours: Colours) -> Dataset:
    return load_dataset(colours.state.engine, colours.task)


@pytest.fixture(scope="module")
def retrained(colours: Colours, dataset: Dataset) -> Trained:
    """What torch itself makes of the same pictures with the same seed."""
    recipe = Recipe()
    workshop = Workshop(colours.state.engine, colours.state.bundles, Silent())
    trained = train(workshop, dataset, recipe)
    assert trained is not None
    return trained


def test_a_folder_name_becomes_task_and_version(colours: Colours, champion: RegisteredModel) -> None:
    assert colours.task == champion.task == "drawn-colours"
    assert (champion.version, champion.state) == ("drawn-colours-1", "champion")


def test_colours_are_learnt(champion: RegisteredModel, bundle: Bundle, dataset: Dataset) -> None:
    assert bundle.manifest.labels == dataset.labels == ("blue", "green", "red")
    assert bundle.manifest.metrics is not None
    assert bundle.manifest.metrics.accuracy == 1
    assert bundle.manifest.metrics.pictures == len(dataset.test) > 0
    assert champion.metrics == json.loads(bundle.manifest.metrics.model_dump_json())


def test_the_metrics_are_what_a_new_measurement_gives(bundle: Bundle, dataset: Dataset) -> None:
    assert evaluate(bundle, dataset.test, "test", Silent()).metrics == bundle.manifest.metrics


def test_the_bundle_gives_the_probabilities_that_torch_gives(
    retrained: Trained, bundle: Bundle, dataset: Dataset
) -> None:
    spec = bundle.manifest.preprocessing
    pixels = read_pixels(dataset.test, spec, lambda _: None)
    with torch.inference_mode():
        logits, embedding, animal = (
            output.numpy() for output in retrained.module(torch.from_numpy(normalise(pixels, spec)))
        )
    raw = run_model(bundle.model, dataset.test, spec, lambda _: None)
    np.testing.assert_allclose(softmax(raw.logits), softmax(logits), rtol=0, atol=1e-4)
    np.testing.assert_allclose(raw.embedding, embedding, rtol=0, atol=1e-4)
    assert raw.animal_logit is not None
    np.testing.assert_allclose(raw.animal_logit, animal, rtol=0, atol=1e-3)


def test_the_same_seed_gives_the_same_facts(retrained: Trained, bundle: Bundle) -> None:
    assert retrained.facts == bundle.manifest.training


def test_the_manifest_says_how_the_bundle_came_about(bundle: Bundle, dataset: Dataset) -> None:
    manifest = bundle.manifest
    assert manifest.dataset_fingerprint == dataset.fingerprint
    assert manifest.calibration.fitted_on == "cross-validation"
    assert manifest.architecture == "efficientnet_lite0"
    assert manifest.libraries["torch"] == torch.__version__.partition("+")[0]
    assert manifest.libraries["python"] == sys.version.split()[0]


def test_the_gallery_is_complete_and_taken_over_from_the_starter(
    colours: Colours, champion: RegisteredModel, dataset: Dataset
) -> None:
    ids = [image.id for image in dataset.train + dataset.val + dataset.test]
    with Session(colours.state.engine) as session:
        starter = registry.get_model(session, STARTER)
        ours = embeddings.vectors_of(session, champion.id, ids)
        assert ours == embeddings.vectors_of(session, starter.id, ids)
    assert champion.embedder == starter.embedder
    lengths = [np.linalg.norm(np.frombuffer(vector, "<f4")) for vector in ours.values()]
    np.testing.assert_allclose(lengths, 1, atol=1e-5)
    assert len(lengths) == 30


def test_no_draft_is_left_behind(colours: Colours) -> None:
    bundles = workplace(colours.state.bundles)
    assert sorted(entry.name for entry in bundles.iterdir()) == ["drawn-colours-1", STARTER]
    assert (bundles / "drawn-colours-1" / MANIFEST).is_file()
