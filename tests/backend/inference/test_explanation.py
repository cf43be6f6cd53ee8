"""What on a picture an answer comes from, and which bundles may say so."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle, NoExplanation
from backend.inference.evidence import heat_of
from backend.inference.prediction import Predictor
from backend.inference.preprocessing import Box, Preprocessing, seen
from tests.tiny_bundle import SHARPNESS, make_bundle
from tests.tiny_explanation import (
    EXPLANATION,
    add_explanation,
    evidence_graph,
    make_explained_bundle,
    places,
    write_explained_manifest,
)

CROP = Preprocessing(
    size=8, resize="crop", crop_fraction=0.5, interpolation="bilinear", mean=(0, 0, 0), std=(1, 1, 1)
)


@pytest.fixture
def folder(bundles: Path) -> Path:
    return make_explained_bundle(bundles)


def two_colours() -> Image.Image:
    """Black, with a red square at the left above and a green one at the right below."""
    image = Image.new("RGB", (64, 64))
    image.paste((255, 0, 0), (0, 0, 24, 24))
    image.paste((0, 200, 0), (40, 40, 64, 64))
    return image


def test_heat_lies_on_what_speaks_for_the_label(folder: Path) -> None:
    predictor = Predictor(load_bundle(folder))
    assert predictor.explains
    red, green = (predictor.explain(two_colours(), label).heat for label in ("red", "green"))
    assert red.shape == green.shape == (8, 8)
    assert red[:3, :3].sum() > 0.9 * red.sum()
    assert green[5:, 5:].sum() > 0.9 * green.sum()
    assert (red.min(), red.max(), green.max()) == (0, 1, 1)


def test_the_likeliest_label_is_explained_where_none_is_named(folder: Path) -> None:
    predictor = Predictor(load_bundle(folder))
    explained = predictor.explain(two_colours())
    assert explained.label == predictor.predict([two_colours()])[0].likeliest
    assert (explained.label, explained.box) == ("red", (0, 0, 1, 1))


def test_an_unknown_label_is_named(folder: Path) -> None:
    predictor = Predictor(load_bundle(folder))
    with pytest.raises(ValueError, match="purple"):
        predictor.explain(two_colours(), "purple")


def test_what_speaks_against_a_label_is_no_heat() -> None:
    heat = heat_of(np.array([[-3, 0.5], [0.25, 0]], np.float32))
    np.testing.assert_array_equal(heat, [[0, 1], [0.5, 0]])
    np.testing.assert_array_equal(heat_of(np.array([[-3, -0.5]], np.float32)), [[0, 0]])


@pytest.mark.parametrize(
    ("size", "spec", "box"),
    [
        ((100, 100), CROP, Box(0.25, 0.25, 0.75, 0.75)),
        ((200, 100), CROP, Box(0.375, 0.25, 0.625, 0.75)),
        ((200, 100), CROP.model_copy(update={"resize": "squash"}), Box(0, 0, 1, 1)),
    ],
)
def test_the_box_is_the_part_that_becomes_input(size: tuple[int, int], spec: Preprocessing, box: Box) -> None:
    assert seen(*size, spec) == pytest.approx(box)


def test_only_who_asks_for_a_feature_map_is_given_one(folder: Path) -> None:
    bundle = load_bundle(folder)
    images = np.zeros((20, 3, 8, 8), np.float32)
    assert bundle.model.run(images).features is None
    features = bundle.model.run(images, features=True).features
    assert features is not None
    assert features.shape == (20, 3, 8, 8)
    assert bundle.model.features == (3, 8, 8)


def test_a_bundle_from_before_there_were_explanations_serves_without(bundles: Path) -> None:
    predictor = Predictor(load_bundle(make_bundle(bundles)))
    assert not predictor.explains
    with pytest.raises(NoExplanation, match="colours-1"):
        predictor.explain(two_colours())


def test_evidence_that_does_not_add_up_to_the_logits_is_refused(folder: Path) -> None:
    onnx.save(evidence_graph(1.1 * SHARPNESS), str(folder / "evidence.onnx"))
    write_explained_manifest(folder)
    with pytest.raises(BadBundle, match="give other sums of evidence"):
        load_bundle(folder)


def test_evidence_at_other_places_than_recorded_is_refused(bundles: Path) -> None:
    folder = make_bundle(bundles)
    with np.load(folder / "golden.npz") as golden:
        pixels, likeliest = golden["pixels"], golden["logits"].argmax(axis=1)
    turned = places(pixels[:, ::-1])[np.arange(3), likeliest]
    add_explanation(folder, evidence=turned)
    with pytest.raises(BadBundle, match="give other evidence"):
        load_bundle(folder)


def test_a_graph_and_a_manifest_that_disagree_about_the_feature_map_are_refused(folder: Path) -> None:
    write_explained_manifest(folder, explanation=EXPLANATION | {"rows": 4})
    with pytest.raises(BadBundle, match="disagree about features"):
        load_bundle(folder)
    write_explained_manifest(folder, explanation=None)
    with pytest.raises(BadBundle, match="disagree about features"):
        load_bundle(folder)


def test_an_explanation_without_its_files_is_refused(folder: Path) -> None:
    (folder / "evidence.onnx").write_bytes((folder / "model.onnx").read_bytes())
    write_explained_manifest(folder)
    with pytest.raises(BadBundle, match=r"evidence\.onnx must have the one input 'features'"):
        load_bundle(folder)
    (folder / "evidence.onnx").unlink()
    with pytest.raises(ValueError, match=r"files lacks evidence\.onnx"):
        write_explained_manifest(folder)


def test_golden_inputs_without_evidence_are_refused(folder: Path) -> None:
    with np.load(folder / "golden.npz") as arrays:
        golden = {name: arrays[name] for name in arrays.files if name != "evidence"}
    np.savez_compressed(folder / "golden.npz", **golden)
    write_explained_manifest(folder)
    with pytest.raises(BadBundle, match="holds no golden evidence"):
        load_bundle(folder)
