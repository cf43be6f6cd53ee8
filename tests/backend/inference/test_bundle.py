import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle
from tests.tiny_bundle import LABELS, make_bundle, sha256, write_manifest

NOVELTY = {"neighbours": 5, "references": 9, "pictures": 9, "quantiles": [0, 1]}


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


def test_the_file_that_serves_is_the_one_that_runs(folder: Path) -> None:
    (folder / "model.int8.onnx").write_bytes((folder / "model.onnx").read_bytes())
    (folder / "model.onnx").write_bytes(b"kept for comparison")
    files = {name: sha256(folder / name) for name in ("model.onnx", "model.int8.onnx", "golden.npz")}
    change_manifest(folder, files=files, serving={"file": "model.int8.onnx"})
    assert load_bundle(folder).manifest.serving.file == "model.int8.onnx"


def rewrite_graph(folder: Path, name: str, shape: list[int | str]) -> None:
    """Has `name` serve, which takes pictures of another shape."""
    model = onnx.load(str(folder / "model.onnx"))
    takes = model.graph.input[0].type.tensor_type.shape
    del takes.dim[:]
    for size in shape:
        takes.dim.add(**{"dim_value" if isinstance(size, int) else "dim_param": size})
    onnx.save(model, str(folder / name))
    files = {file: sha256(folder / file) for file in {name, "model.onnx", "golden.npz"}}
    change_manifest(folder, files=files, serving={"file": name})


@pytest.mark.parametrize("name", ["model.onnx", "model.int8.onnx"])
def test_a_graph_that_cannot_be_run_is_refused(folder: Path, name: str) -> None:
    rewrite_graph(folder, name, [4, 3, 8, 8])  # the golden inputs are three
    with pytest.raises(BadBundle, match=f"{name} cannot be run: .*invalid dimensions"):
        load_bundle(folder)


@pytest.mark.parametrize("shape", [[1, 3, 2**20, 2**20], [2**40, 3, 2**40, 8], [0, 3, 8, 8], [1, 1, 8, 8]])
def test_a_graph_in_integers_of_absurd_size_is_refused(folder: Path, shape: list[int | str]) -> None:
    rewrite_graph(folder, "model.int8.onnx", shape)
    with pytest.raises(BadBundle):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["model.onnx", "model.int8.onnx"])
def test_an_embedding_that_is_no_float32_is_refused(folder: Path, name: str) -> None:
    model = onnx.load(str(folder / "model.onnx"))
    (normalised,) = [node for node in model.graph.node if node.output[0] == "embedding"]
    normalised.output[0] = "lengths"
    model.graph.node.append(
        onnx.helper.make_node("Cast", ["lengths"], ["embedding"], to=onnx.TensorProto.BOOL)
    )
    model.graph.output[1].type.tensor_type.elem_type = onnx.TensorProto.BOOL
    onnx.save(model, str(folder / "model.onnx"))
    rewrite_graph(folder, name, ["n", 3, 8, 8])
    with pytest.raises(BadBundle, match=r"gives embedding as tensor\(bool\), not tensor\(float\)"):
        load_bundle(folder)


def test_a_graph_in_integers_may_take_any_size(folder: Path) -> None:
    rewrite_graph(folder, "model.int8.onnx", ["n", 3, "height", "width"])
    assert load_bundle(folder).manifest.serving.file == "model.int8.onnx"


@pytest.mark.parametrize(("tolerance", "loads"), [(1e-3, False), (0.1, True)])
def test_golden_outputs_may_differ_by_what_the_manifest_says(
    folder: Path, tolerance: float, loads: bool
) -> None:
    with np.load(folder / "golden.npz") as arrays:
        wrong = dict(arrays) | {"logits": arrays["logits"] * 1.05}
    np.savez_compressed(folder / "golden.npz", **wrong)
    write_manifest(folder, "colours-1", "colours", {"serving": {"golden_tolerance": tolerance}})
    if loads:
        load_bundle(folder)
    else:
        with pytest.raises(BadBundle, match="give other logits"):
            load_bundle(folder)


def test_golden_strangeness_is_checked(folder: Path) -> None:
    _give_strangeness(folder, off=0.0)
    load_bundle(folder)
    _give_strangeness(folder, off=1.0)
    with pytest.raises(BadBundle, match="give other strangeness"):
        load_bundle(folder)


def _give_strangeness(folder: Path, off: float) -> None:
    """Renames the tiny network's gate: to the loader it is all the same what a strangeness means."""
    model = onnx.load(str(folder / "model.onnx"))
    model.graph.node[-1].output[0] = model.graph.output[-1].name = "strangeness"
    onnx.save(model, str(folder / "model.onnx"))
    with np.load(folder / "golden.npz") as arrays:
        golden = dict(arrays)
    means = (golden["pixels"].astype(np.float64) / 255).mean(axis=(1, 2))
    golden["strangeness"] = (40 * (means.max(1) - means.min(1) - 0.2) + off).astype(np.float32)
    np.savez_compressed(folder / "golden.npz", **golden)
    outputs = {"embedding_size": 3, "animal_logit": False, "open_set": False}
    write_manifest(folder, "colours-1", "colours", {"outputs": outputs, "novelty": NOVELTY})


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
        ({"label_prior": [0.5, 0.5]}, "label_prior is not a share for each of labels"),
        ({"label_prior": [0.5, 0.25, 0.5]}, "label_prior is not a share for each of labels"),
        ({"label_prior": [1.5, -0.5, 0]}, "unknown label_prior.0 1.5"),
        ({"thresholds": {"confidence": 1.5, "novelty": 0.5}}, "unknown thresholds.confidence 1.5"),
        ({"thresholds": {"confidence": 0.5, "novelty": None}}, "thresholds.novelty goes with"),
        ({"novelty": NOVELTY}, "disagree about strangeness"),
        ({"novelty": NOVELTY | {"quantiles": [1]}}, "unknown novelty.quantiles"),
        ({"serving": {"file": "model.int8.onnx"}}, "files lacks model.int8.onnx"),
        ({"serving": {"file": "../model.onnx"}}, "unknown serving.file '../model.onnx'"),
        ({"serving": {"golden_tolerance": 5}}, "unknown serving.golden_tolerance 5"),
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
    assert str(folder) in str(caught.value)


def test_a_bundle_from_before_labels_had_shares_loads(folder: Path) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    del content["label_prior"]
    path.write_text(json.dumps(content))
    assert load_bundle(folder).manifest.label_prior is None


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
