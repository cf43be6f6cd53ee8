"""The head on frozen features."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from backend.inference.prediction import softmax
from training.errors import NoPictures
from training.probe import STRENGTHS, fit_head, fit_probe

Features = NDArray[np.float32]
Targets = NDArray[np.int64]


def clouds(labels: int, per_label: int = 12, distance: float = 4.0) -> tuple[Features, Targets]:
    """Points in 6 dimensions around one centre a label, on scales that differ a hundredfold."""
    rng = np.random.default_rng(labels)
    targets = np.repeat(np.arange(labels), per_label)
    centres = rng.normal(size=(labels, 6)) * distance
    features = (centres[targets] + rng.normal(size=(len(targets), 6))) * np.logspace(-1, 1, 6)
    return features.astype(np.float32), targets


def names(n: int) -> list[str]:
    return [f"content {number}" for number in range(n)]


@pytest.mark.parametrize("labels", [2, 3])
def test_the_folded_head_gives_the_probabilities_of_the_whole_pipeline(labels: int) -> None:
    features, targets = clouds(labels, distance=0.5)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000)).fit(
        features, targets
    )
    head = fit_head(features, targets, 0.1)
    assert head.weight.dtype == head.bias.dtype == np.float32
    np.testing.assert_allclose(
        softmax(head.logits(features)), pipeline.predict_proba(features), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("labels", [2, 3, 5])
def test_what_can_be_told_apart_is_learnt(labels: int) -> None:
    features, targets = clouds(labels)
    fit = fit_probe(features, targets, names(len(targets)), seed=0)
    assert (fit.head.logits(features).argmax(1) == targets).all()
    assert (fit.held_out.argmax(1) == targets).mean() > 0.9
    assert fit.strength in STRENGTHS
    assert fit.log_loss < 0.3


def test_labels_without_meaning_are_held_out_at_chance() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 20)).astype(np.float32)
    targets = np.arange(200) % 2
    fit = fit_probe(features, targets, names(200), seed=0)
    assert 0.35 < (fit.held_out.argmax(1) == targets).mean() < 0.65
    assert fit.log_loss > 0.6


def test_a_copy_never_helps_to_answer_for_its_copy() -> None:
    rng = np.random.default_rng(1)
    features = np.repeat(rng.normal(size=(40, 60)).astype(np.float32), 2, axis=0)
    targets = np.repeat(np.arange(40) % 2, 2)
    contents = [f"content {number // 2}" for number in range(80)]
    kept_together = fit_probe(features, targets, contents, seed=0)
    parted = fit_probe(features, targets, names(80), seed=0)
    assert kept_together.log_loss > 0.6 > 0.5 > parted.log_loss


def test_the_same_seed_gives_the_same_head_and_another_other_folds() -> None:
    features, targets = clouds(3, distance=0.5)
    first, second, other = (fit_probe(features, targets, names(36), seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.head.weight, second.head.weight)
    np.testing.assert_array_equal(first.held_out, second.held_out)
    assert not np.array_equal(first.held_out, other.held_out)


def test_two_different_pictures_a_label_are_enough_and_one_is_not() -> None:
    features, targets = clouds(2, per_label=2)
    assert fit_probe(features, targets, names(4), seed=0).held_out.shape == (4, 2)
    with pytest.raises(NoPictures, match="fewer than two different pictures"):
        fit_probe(features, targets, ["a", "b", "c", "c"], seed=0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 7)), min_size=8, max_size=40))
def test_look_alikes_under_several_labels_are_learnt_from_or_refused(drawn: list[tuple[int, int]]) -> None:
    labels = sorted({label for label, _ in drawn})
    targets = np.array([labels.index(label) for label, _ in drawn])
    features = np.random.default_rng(0).normal(size=(len(drawn), 4)).astype(np.float32)
    assume(len(labels) > 1)
    with suppress(NoPictures):
        fit = fit_probe(features, targets, [f"group {group}" for _, group in drawn], seed=0)
        assert np.isfinite(fit.held_out).all()
        assert fit.held_out.shape == (len(drawn), len(labels))
