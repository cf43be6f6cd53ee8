"""The model that is there before anyone has trained one."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.bundle import load_bundle
from backend.inference.manifest import INT8_MODEL, MANIFEST
from backend.inference.prediction import Prediction, Predictor
from databases import registry
from tests.training.making import add_tiny_bundle
from training import promotion, quantising
from training.progress import Silent
from training.promotion import rollback
from training.starter import (
    INT8_VERSION,
    VERSION,
    build_int8_starter,
    build_starter,
    ensure_int8_starter,
    ensure_starter,
)


@pytest.fixture(scope="module")
def namer(starter_bundles: Path) -> Predictor:
    return Predictor(load_bundle(starter_bundles / VERSION))


@pytest.fixture(scope="module")
def photographs() -> list[Image.Image]:
    """A Chinese temple and a flower, which scikit-learn carries."""
    return [Image.fromarray(pixels) for pixels in load_sample_images().images]


def test_it_knows_398_animals_by_names_that_people_read(namer: Predictor) -> None:
    labels = namer.manifest.labels
    assert len(labels) == len(set(labels)) == 398
    assert {"tench", "tabby", "golden retriever", "giant panda", "puffer"} <= set(labels)
    assert all(label.strip() == label and "_" not in label for label in labels)
    assert (labels[0], labels[-1]) == ("tench", "puffer")
    assert namer.manifest.label_prior is None


def test_what_shows_no_animal_is_said_to_show_none(namer: Predictor, photographs: list[Image.Image]) -> None:
    blank = [Image.new("RGB", (300, 200), colour) for colour in ("white", "black", "red")]
    answers = namer.predict([*blank, photographs[0]])
    assert [answer.verdict for answer in answers] == ["not_an_animal"] * 4
    assert all(answer.novelty is not None and answer.novelty > 0.5 for answer in answers)


def test_an_embedding_has_length_one_and_differs_from_another_pictures(
    namer: Predictor, photographs: list[Image.Image]
) -> None:
    temple, flower = (answer.embedding for answer in namer.predict(photographs))
    assert np.linalg.norm(temple) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(flower) == pytest.approx(1, abs=1e-5)
    assert temple @ flower < 0.9


def test_it_can_tell_what_its_answers_come_from(namer: Predictor, photographs: list[Image.Image]) -> None:
    explained = namer.explain(photographs[1], "bee")
    assert explained.label == "bee"
    assert explained.heat.shape == (7, 7)
    assert explained.heat.max() == 1
    assert 0 <= explained.heat.min() < 0.5


def test_a_pictures_answer_does_not_depend_on_the_batch_it_came_in(
    namer: Predictor, photographs: list[Image.Image]
) -> None:
    def scores(answers: list[Prediction]) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        return [answer.scores for answer in answers]

    together = scores(namer.predict(photographs))
    alone = [scores(namer.predict([photograph]))[0] for photograph in photographs]
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_starter_that_is_there_is_kept(bundles_with_starter: Path) -> None:
    manifest = bundles_with_starter / VERSION / MANIFEST
    written = manifest.stat().st_mtime_ns
    assert build_starter(bundles_with_starter, Silent()).version == VERSION
    assert manifest.stat().st_mtime_ns == written


def test_it_is_registered_once_as_the_first_champion(engine: Engine, bundles_with_starter: Path) -> None:
    first = ensure_starter(engine, bundles_with_starter, Silent())
    assert (first.version, first.task, first.state) == (VERSION, "starter", "champion")
    assert ensure_starter(engine, bundles_with_starter, Silent()) == first
    with Session(engine) as session:
        assert len(registry.list_models(session)) == 1


def test_a_starter_that_was_demoted_is_not_promoted_again(engine: Engine, bundles_with_starter: Path) -> None:
    ensure_starter(engine, bundles_with_starter, Silent())
    add_tiny_bundle(engine, bundles_with_starter, "starter-2", task="starter", promoted=True)
    assert ensure_starter(engine, bundles_with_starter, Silent()).state == "retired"


@pytest.fixture(scope="module")
def int8_bundles(starter_bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter in both kinds, whatever this machine makes faster. Not to be changed."""
    folder = tmp_path_factory.mktemp("int8") / "bundles"
    shutil.copytree(starter_bundles, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantising, "LEAST_FASTER", 0)
        assert build_int8_starter(folder, Silent()) is not None
    return folder


def test_in_integers_it_answers_nearly_the_same(
    int8_bundles: Path, namer: Predictor, photographs: list[Image.Image]
) -> None:
    int8 = Predictor(load_bundle(int8_bundles / INT8_VERSION))
    assert int8.manifest.serving.file == INT8_MODEL
    assert int8.manifest.labels == namer.manifest.labels
    assert int8.manifest.embedder != namer.manifest.embedder
    for given, expected in zip(int8.predict(photographs), namer.predict(photographs), strict=True):
        assert given.embedding @ expected.embedding > 0.95
        assert not np.array_equal(given.embedding, expected.embedding)
        assert given.verdict == expected.verdict
    assert int8.explain(photographs[1], "bee").heat.shape == (7, 7)


def test_in_integers_it_is_promoted_in_the_place_of_the_one_in_float32(
    engine: Engine, int8_bundles: Path, bundles: Path
) -> None:
    shutil.copytree(int8_bundles, bundles)
    model = ensure_int8_starter(engine, bundles, Silent())
    assert (model.version, model.task, model.state) == (INT8_VERSION, "starter", "champion")
    assert ensure_int8_starter(engine, bundles, Silent()) == model
    assert ensure_starter(engine, bundles, Silent()).state == "retired"
    rollback(engine, bundles, "starter", Silent())
    assert ensure_int8_starter(engine, bundles, Silent()).state == "retired"


def test_a_promotion_that_was_broken_off_is_made_up_for(
    engine: Engine, int8_bundles: Path, bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    shutil.copytree(int8_bundles, bundles)
    with monkeypatch.context() as patch:
        patch.setattr(promotion, "promote", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ensure_int8_starter(engine, bundles, Silent())
    assert ensure_int8_starter(engine, bundles, Silent()).state == "champion"


def test_a_damaged_one_stays_until_another_takes_its_place(
    int8_bundles: Path, bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(int8_bundles, bundles)
    golden = bundles / INT8_VERSION / "golden.npz"
    golden.write_bytes(golden.read_bytes()[:-5])
    monkeypatch.setattr(quantising, "LEAST_FASTER", 1000)
    assert build_int8_starter(bundles, Silent()) is None
    assert golden.exists()
    monkeypatch.setattr(quantising, "LEAST_FASTER", 0)
    assert build_int8_starter(bundles, Silent()) is not None
    load_bundle(bundles / INT8_VERSION)


class Listening(Silent):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def tell(self, line: str) -> None:
        self.heard.append(line)


def test_where_integers_are_no_faster_float32_stays(
    engine: Engine, bundles_with_starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantising, "LEAST_FASTER", 1000)
    progress = Listening()
    model = ensure_int8_starter(engine, bundles_with_starter, progress)
    assert (model.version, model.state) == (VERSION, "champion")
    (line,) = progress.heard
    assert line.startswith("starter-1 stays in float32: on 2866 held-out pictures int8 gains 0.3 points; it ")
    assert not (bundles_with_starter / INT8_VERSION).exists()
