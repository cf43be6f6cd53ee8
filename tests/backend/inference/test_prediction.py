from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend.inference.bundle import load_bundle
from backend.inference.manifest import Novelty
from backend.inference.prediction import Predictor, novelty_of, sigmoid, softmax
from backend.inference.runtime import Raw
from backend.inference.verdict import explain
from tests.drawing import draw
from tests.tiny_bundle import make_bundle


@pytest.fixture
def predictor(bundles: Path) -> Predictor:
    return Predictor(load_bundle(make_bundle(bundles)))


def test_two_different_pictures_get_their_own_answers_in_order(predictor: Predictor) -> None:
    blue, red = predictor.predict([draw("blue", 1), draw("red", 2, size=(90, 20))])
    assert (blue.label, red.label) == ("blue", "red")
    assert blue.verdict == red.verdict == "confident"
    assert not np.allclose(blue.embedding, red.embedding, atol=0.1)


def test_a_batch_answers_as_its_pictures_one_by_one(predictor: Predictor) -> None:
    images = [draw(colour, number) for number in range(13) for colour in ("red", "green", "blue")]
    for together, alone in zip(
        predictor.predict(images), (predictor.predict([i])[0] for i in images), strict=True
    ):
        assert together.label == alone.label
        np.testing.assert_allclose(together.scores, alone.scores, atol=1e-6)


def test_scores_are_probabilities_and_embeddings_have_length_one(predictor: Predictor) -> None:
    for answer in predictor.predict([draw("green"), Image.new("RGB", (5, 9), "grey")]):
        assert answer.scores.sum() == pytest.approx(1, abs=1e-5)
        assert answer.score == pytest.approx(float(answer.scores.max()))
        assert np.linalg.norm(answer.embedding) == pytest.approx(1, abs=1e-5)


def test_a_picture_without_an_animal_is_said_to_be_none(predictor: Predictor) -> None:
    answer = predictor.predict([Image.new("RGB", (20, 20), "grey")])[0]
    assert answer.verdict == "not_an_animal"
    assert answer.label is None
    assert answer.novelty is not None
    assert answer.novelty > 0.5
    assert answer.sentence == "This does not look like an animal I know."


def test_novelty_is_the_share_of_the_own_pictures_that_are_less_strange(
    predictor: Predictor, bundles: Path
) -> None:
    told = {"neighbours": 1, "references": 5, "pictures": 5, "quantiles": (0.0, 1.0, 2.0, 3.0, 4.0)}
    manifest = predictor.manifest.model_copy(update={"novelty": Novelty.model_validate(told)})
    taught = Predictor(replace(load_bundle(make_bundle(bundles, "taught-1")), manifest=manifest))
    logits, embedding = np.zeros((4, 3), np.float32), np.eye(3, dtype=np.float32)[[0, 0, 0, 0]]
    strangeness = np.array([-1, 1.5, 4, 4.1], np.float32)
    # The gate by itself would say that none shows an animal.
    answers = taught.interpret(Raw(logits, embedding, np.full(4, -9, np.float32), strangeness))
    assert [answer.novelty for answer in answers] == pytest.approx([0, 0.375, 1, 1])
    assert [answer.verdict == "not_an_animal" for answer in answers] == [False, False, True, True]


def test_beyond_equal_quantiles_is_new_and_at_them_is_not() -> None:
    quantiles = np.array([0, 1, 2, 2, 2], float)
    assert novelty_of(np.array([2, 2.1], np.float32), quantiles).tolist() == [0.5, 1]


def test_a_picture_between_two_labels_is_unsure_and_names_both(predictor: Predictor) -> None:
    answer = predictor.predict([Image.new("RGB", (20, 20), (250, 240, 10))])[0]
    assert answer.verdict == "unsure"
    assert "perhaps red" in answer.sentence
    assert "perhaps green" in answer.sentence


def test_temperature_softens_the_scores(bundles: Path) -> None:
    soft = make_bundle(bundles, "soft-1", calibration={"temperature": 10.0, "fitted_on": "val"})
    sharp = make_bundle(bundles, "sharp-1")
    image = Image.new("RGB", (20, 20), (200, 120, 10))
    scores = [Predictor(load_bundle(folder)).predict([image])[0].score for folder in (soft, sharp)]
    assert scores[0] < scores[1]


def test_no_picture_gives_no_answer(predictor: Predictor) -> None:
    assert predictor.predict([]) == []


def test_softmax_and_sigmoid_stand_extreme_values() -> None:
    assert softmax(np.array([[1e4, 0, -1e4]], np.float32)).tolist() == [[1, 0, 0]]
    np.testing.assert_allclose(sigmoid(np.array([-1e4, 0, 1e4], np.float32)), [0, 0.5, 1])


def test_no_sentence_claims_certainty() -> None:
    assert explain("confident", ("cat", 1.0), ("dog", 0.0)) == "This looks like: cat (over 99 % sure)."


def test_where_labels_leave_room_for_no_animal_their_scores_do_too(bundles: Path) -> None:
    outputs = {"embedding_size": 3, "animal_logit": True, "open_set": True}
    predictor = Predictor(load_bundle(make_bundle(bundles, outputs=outputs)))
    grey, red = predictor.predict([Image.new("RGB", (20, 20), "grey"), draw("red")])
    for answer in (grey, red):
        assert answer.novelty is not None
        assert answer.scores.sum() == pytest.approx(1 - answer.novelty, abs=1e-5)
    assert (grey.label, red.label) == (None, "red")
    assert grey.score < 0.01 < red.score
