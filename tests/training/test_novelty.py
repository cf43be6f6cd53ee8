"""How strange a picture is, beside what was learnt."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backend.inference.prediction import novelty_of
from backend.inference.preprocessing import Preprocessing, normalise
from backend.inference.runtime import OnnxModel, Raw
from tests.tiny_bundle import make_bundle
from training.novelty import TARGET_REFUSALS, add_strangeness, attainable_refusals, fit_novelty

SPEC = Preprocessing(
    size=8, resize="squash", crop_fraction=1, interpolation="bilinear", mean=(0, 0, 0), std=(1, 1, 1)
)


def directions(n: int, towards: int, seed: int = 0, animal: float | None = None) -> Raw:
    """Outputs whose embeddings of length 1 point about along axis `towards` of ten."""
    rng = np.random.default_rng(seed)
    embedding = np.eye(10)[towards] + 0.1 * rng.normal(size=(n, 10))
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    gate = None if animal is None else (animal + rng.normal(size=n)).astype(np.float32)
    return Raw(np.zeros((n, 2), np.float32), embedding.astype(np.float32), gate)


def names(n: int) -> list[str]:
    return [f"content {number}" for number in range(n)]


def refused(strangeness: NDArray[np.float32], quantiles: tuple[float, ...]) -> NDArray[np.bool_]:
    return novelty_of(strangeness, np.array(quantiles)) > 1 - TARGET_REFUSALS


@pytest.mark.parametrize("held_apart", [True, False])
def test_what_points_elsewhere_is_refused_and_hardly_any_of_its_own(held_apart: bool) -> None:
    held_out = directions(400, 0, seed=1) if held_apart else None
    references, novelty = fit_novelty(directions(400, 0), names(400), held_out)
    own = references.strangeness(directions(400, 0, seed=2))
    assert refused(own, novelty.quantiles).mean() <= 0.05
    assert refused(references.strangeness(directions(50, 1)), novelty.quantiles).all()


def test_what_looks_alike_but_is_no_animal_is_refused_where_there_is_a_gate() -> None:
    references, novelty = fit_novelty(directions(300, 0, animal=6), names(300), None)
    car = directions(50, 0, seed=3, animal=-6)
    assert refused(references.strangeness(car), novelty.quantiles).all()


def test_a_copy_does_not_make_its_copy_familiar() -> None:
    once = directions(60, 0)
    twice = Raw(np.repeat(once.logits, 6, 0), np.repeat(once.embedding, 6, 0), None)
    _, told = fit_novelty(twice, [name for name in names(60) for _ in range(6)], None)
    _, fooled = fit_novelty(twice, names(360), None)
    assert fooled.quantiles[50] == pytest.approx(0, abs=0.05)
    assert told.quantiles[50] > 1


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 60), seed=st.integers(0, 99))
def test_novelty_rises_with_strangeness_from_0_to_1(n: int, seed: int) -> None:
    references, novelty = fit_novelty(directions(n, 0, seed), names(n), None)
    assert references.neighbours <= n
    strangeness = np.linspace(novelty.quantiles[0] - 1, novelty.quantiles[-1] + 1, 50, dtype=np.float32)
    values = novelty_of(strangeness, np.array(novelty.quantiles))
    assert (np.diff(values) >= 0).all()
    assert (values[0], values[-1]) == (0, 1)


@pytest.mark.parametrize("gated", [True, False])
def test_the_graph_tells_the_strangeness_that_numpy_does(bundles: Path, gated: bool) -> None:
    path = make_bundle(bundles) / "model.onnx"
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    learnt, asked = (OnnxModel(path).run(normalise(part, SPEC)) for part in (pixels[:20], pixels[20:]))
    if not gated:
        learnt, asked = replace(learnt, animal_logit=None), replace(asked, animal_logit=None)
    references, _ = fit_novelty(learnt, names(20), None)
    add_strangeness(path, references)
    told = OnnxModel(path).run(normalise(pixels[20:], SPEC)).strangeness
    assert told is not None
    np.testing.assert_allclose(told, references.strangeness(asked), rtol=1e-3, atol=1e-2)


def test_so_few_pictures_that_the_target_cannot_be_kept_refuse_none() -> None:
    for gated in (True, False):
        assert [attainable_refusals(n, gated=gated) for n in (1, 30, 48, 49, 98)] == [0, 0, 0, 0.02, 0.02]
    assert [attainable_refusals(n, gated=True) for n in (99, 1000)] == [0.01, 0.01]
    assert [attainable_refusals(n, gated=False) for n in (99, 1000)] == [0.02, 0.02]


def test_embeddings_that_hardly_differ_make_no_strangeness_of_rounding() -> None:
    chance = np.random.default_rng(0)
    embedding = np.ones((60, 1280)) + 1e-2 * chance.standard_normal((60, 1280))
    embedding = (embedding / np.linalg.norm(embedding, axis=1, keepdims=True)).astype(np.float32)
    order = chance.permutation(1280)
    strange = []
    for vectors in (embedding, np.ascontiguousarray(embedding[:, order])):
        raw = Raw(np.zeros((60, 2), np.float32), vectors, None)
        references, _ = fit_novelty(raw, [str(number) for number in range(60)], None)
        strange.append(references.strangeness(raw))
    assert np.abs(strange[0] - strange[1]).max() < 1e-3
