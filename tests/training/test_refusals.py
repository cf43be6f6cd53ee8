"""What is refused as strange, of known pictures and of unknown ones."""

import shutil
from pathlib import Path

import onnx
import pytest
from PIL import Image
from sqlalchemy import Engine

from backend.inference.bundle import Bundle, load_bundle
from backend.inference.decoding import decode
from backend.inference.prediction import Predictor
from tests.drawing import draw_class_folders, draw_greys, picture
from tests.tiny_bundle import make_bundle, sha256, write_manifest
from tests.training.making import pictures_of, take_in
from training.errors import BadSource, NoPictures, TrainingError
from training.evaluation import score
from training.progress import Silent
from training.questions import from_paths
from training.refusals import Refusals, Strangers, ask_strangers, refusals_of


@pytest.fixture
def bundle(bundles: Path) -> Bundle:
    """Its novelty is high for grey pictures and low for colourful ones."""
    return load_bundle(make_bundle(bundles))


@pytest.fixture
def greys(tmp_path: Path) -> Path:
    return draw_greys(tmp_path / "greys", 7)


def ask(bundle: Bundle, folder: Path) -> Strangers:
    return ask_strangers(bundle, from_paths([folder], frozenset(bundle.manifest.labels)), Silent())


def measured(bundle: Bundle, engine: Engine, known: Path, strangers: Strangers | None) -> Refusals:
    take_in(engine, known)
    scored = score(bundle, tuple(pictures_of(engine).values()), "test", Silent())
    refusals = refusals_of(bundle.manifest, scored, strangers)
    assert refusals is not None
    return refusals


def test_known_and_unknown_pictures_are_counted_apart(
    bundle: Bundle, engine: Engine, greys: Path, tmp_path: Path
) -> None:
    known = draw_class_folders(tmp_path / "colours", per_label=4)
    shutil.copy(greys / "grey-0.png", known / "red" / "grey.png")
    (greys / "red.jpg").write_bytes(picture("red"))
    refusals = measured(bundle, engine, known, ask(bundle, greys))
    assert (refusals.falsely.count, refusals.falsely.total) == (1, 13)
    assert refusals.unknown is not None
    assert (refusals.unknown.refused.count, refusals.unknown.refused.total) == (7, 8)
    (passed,) = refusals.unknown.passed
    assert (passed.question.name, passed.answer) == ("red.jpg", "red")
    assert passed.probability > 0.9
    assert 0.5 < refusals.unknown.area.value < 1


def test_what_counts_as_refused_is_what_the_service_refuses(
    bundle: Bundle, engine: Engine, greys: Path, tmp_path: Path
) -> None:
    known = draw_class_folders(tmp_path / "colours", per_label=2)
    shutil.copytree(greys, known / "red", dirs_exist_ok=True)
    files = [path for path in sorted(known.rglob("*")) if path.is_file()]
    answers = Predictor(bundle).predict([decode(path.read_bytes()).image for path in files])
    refused = sum(answer.label is None for answer in answers)
    assert refused == measured(bundle, engine, known, None).falsely.count == 7


def test_the_most_familiar_of_those_that_pass_come_first(
    bundle: Bundle, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "pale").mkdir()
    for name, red in (("a", 160), ("b", 200), ("c", 170)):  # the paler, the stranger
        Image.new("RGB", (8, 8), (red, 100, 100)).save(tmp_path / "pale" / f"{name}.png")
    known = draw_class_folders(tmp_path / "colours", per_label=1)
    unknown = measured(bundle, engine, known, ask(bundle, tmp_path / "pale")).unknown
    assert unknown is not None
    assert [one.question.name for one in unknown.passed] == ["b.png", "c.png", "a.png"]


def test_unreadable_files_are_named_and_not_counted(bundle: Bundle, greys: Path) -> None:
    (greys / "empty.jpg").touch()
    strangers = ask(bundle, greys)
    assert len(strangers.seen) == 7
    assert [(one.name, one.reason) for one in strangers.unreadable] == [("empty.jpg", "the file is empty")]


def test_nothing_readable_is_an_error(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(NoPictures, match="none of the 1 unknown pictures can be read: the file is empty"):
        ask_strangers(bundle, from_paths([tmp_path / "empty.jpg"], frozenset()), Silent())


def test_pictures_of_a_label_are_not_taken_for_unknown(bundle: Bundle, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "colours", per_label=1)
    with pytest.raises(BadSource, match="lies in a folder called 'blue', which is one of the labels"):
        ask(bundle, folder)


def test_a_bundle_that_tells_no_novelty_refuses_nothing(bundles: Path, engine: Engine, greys: Path) -> None:
    folder = make_bundle(bundles)
    graph = onnx.load(str(folder / "model.onnx"))
    del graph.graph.output[2]  # the animal logit
    onnx.save(graph, str(folder / "model.onnx"))
    changes = {
        "outputs": {"embedding_size": 3, "animal_logit": False, "open_set": False},
        "thresholds": {"confidence": 0.9, "novelty": None},
        "files": {name: sha256(folder / name) for name in ("model.onnx", "golden.npz")},
    }
    write_manifest(folder, "colours-1", "colours", changes)
    bundle = load_bundle(folder)
    with pytest.raises(TrainingError, match="colours-1 tells no novelty and refuses nothing"):
        ask(bundle, greys)
    take_in(engine, draw_class_folders(greys.parent / "colours", per_label=1))
    scored = score(bundle, tuple(pictures_of(engine).values()), "test", Silent())
    assert refusals_of(bundle.manifest, scored, None) is None
