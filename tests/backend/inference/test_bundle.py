import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle
from tests.tiny_bundle import LABELS, make_bundle, sha256, write_manifest


@pytest.fixture
def folder(bundles: Path) -> Path:
    return make_bundle(bundles)


def change_manifest(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_sound_bundle_loads(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.manifest.labels == LABELS
    assert bundle.manifest.version == "colours-1"


@pytest.mark.parametrize("name", ["model.onnx", "golden.npz"])
def test_a_changed_file_is_refused_by_its_checksum(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BadBundle, match=rf"{name} is not the file that the manifest names"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["model.onnx", "golden.npz", "manifest.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadBundle, match=name):
        load_bundle(folder)


def test_golden_inputs_that_give_other_outputs_are_refused(folder: Path) -> None:
    with np.load(folder / "golden.npz") as arrays:
        wrong = dict(arrays) | {"logits": arrays["logits"] + 0.5}
    np.savez_compressed(folder / "golden.npz", **wrong)
    write_manifest(folder, "colours-1", "colours", {})
    with pytest.raises(BadBundle, match="give other logits: off by"):
        load_bundle(folder)


def test_golden_outputs_that_are_not_numbers_are_refused(folder: Path) -> None:
    with np.load(folder / "golden.npz") as arrays:
        wrong = dict(arrays) | {"embedding": np.full_like(arrays["embedding"], np.nan)}
    np.savez_compressed(folder / "golden.npz", **wrong)
    write_manifest(folder, "colours-1", "colours", {})
    with pytest.raises(BadBundle, match="give other embedding"):
        load_bundle(folder)


def test_pickles_are_never_loaded(folder: Path) -> None:
    np.savez_compressed(folder / "golden.npz", pixels=np.array([{"a": 1}], dtype=object))
    write_manifest(folder, "colours-1", "colours", {})
    with pytest.raises(BadBundle, match="holds no golden inputs"):
        load_bundle(folder)


def test_a_model_that_is_no_onnx_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"not a model")
    write_manifest(folder, "colours-1", "colours", {})
    with pytest.raises(BadBundle, match="no ONNX model"):
        load_bundle(folder)


def test_labels_that_do_not_fit_the_outputs_are_refused(folder: Path) -> None:
    change_manifest(folder, labels=["red", "green"])
    with pytest.raises(BadBundle, match="gives"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format_version": 2}, "format_version 2, this version reads 1"),
        ({"labels": ["red", "red", "blue"]}, "a label stands twice"),
        ({"thresholds": {"confidence": 1.5, "novelty": 0.5}}, "unknown thresholds.confidence 1.5"),
        ({"thresholds": {"confidence": 0.5, "novelty": None}}, "thresholds.novelty goes with"),
        ({"surprise": 1}, "unknown surprise 1"),
        ({"files": {"model.onnx": "0"}}, "files lacks golden.npz"),
        ({"calibration": {"temperature": 0, "fitted_on": None}}, "unknown calibration.temperature 0"),
    ],
)
def test_a_manifest_that_is_not_understood_is_refused(
    folder: Path, change: dict[str, Any], named: str
) -> None:
    change_manifest(folder, **change)
    with pytest.raises(BadBundle, match=named) as caught:
        load_bundle(folder)
    assert "manifest.json" in str(caught.value)


def test_an_unknown_interpolation_is_named_with_its_source(folder: Path) -> None:
    spec = json.loads((folder / "manifest.json").read_text())["preprocessing"] | {"interpolation": "cubicc"}
    change_manifest(folder, preprocessing=spec)
    with pytest.raises(BadBundle, match=r"unknown preprocessing\.interpolation 'cubicc' in .*manifest\.json"):
        load_bundle(folder)


def test_files_outside_the_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("secret")
    files = {name: sha256(folder / name) for name in ("model.onnx", "golden.npz")}
    change_manifest(folder, files=files | {"../../elsewhere": sha256(tmp_path / "elsewhere")})
    with pytest.raises(BadBundle, match="not a plain file name"):
        load_bundle(folder)


def test_a_manifest_that_is_no_json_is_refused(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")
    with pytest.raises(BadBundle, match="is no JSON"):
        load_bundle(folder)
