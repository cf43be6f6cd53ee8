"""Labels that are likely wrong, by confident learning."""

import numpy as np
import pytest

from training.checking.suspicion import find_suspects


def test_a_picture_that_is_confidently_of_another_label_is_suspect() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.05, 0.95], [0.1, 0.9], [0.2, 0.8], [0.15, 0.85]])
    (found,) = find_suspects(probabilities, np.array([0, 0, 0, 1, 1, 1]), np.ones(6))
    assert (found.index, found.answer) == (2, 1)
    assert (found.probability, found.own_probability) == (0.95, 0.05)
    assert found.margin == pytest.approx(-0.9)


def test_an_answer_that_is_less_sure_than_its_labels_mean_is_no_reason_to_doubt() -> None:
    # The mean of label 1 among its own pictures is 0.9: 0.6 is a mistake of the model's, as like as not.
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.1, 0.9], [0.1, 0.9]])
    assert find_suspects(probabilities, np.array([0, 0, 1, 1]), np.ones(4)) == []


def test_a_label_the_model_is_never_sure_of_is_doubted_by_its_own_measure() -> None:
    # Label 0 has a mean of 0.5, so that 0.6 for it says much, though 0.6 for label 1 does not.
    probabilities = np.array([[0.55, 0.45], [0.45, 0.55], [0.5, 0.5], [0.05, 0.95], [0.0, 1.0], [0.6, 0.4]])
    found = find_suspects(probabilities, np.array([0, 0, 0, 1, 1, 1]), np.ones(6))
    assert [(one.index, one.answer) for one in found] == [(5, 0)]


def test_what_shows_no_animal_is_suspect_however_sure_the_model_is_of_its_label() -> None:
    probabilities = np.array([[0.99, 0.01]] * 3 + [[0.01, 0.99]] * 3)
    animal = np.array([0.9, 0.02, 0.6, 0.9, 0.9, 0.9])
    (found,) = find_suspects(probabilities, np.array([0, 0, 0, 1, 1, 1]), animal)
    assert (found.index, found.answer) == (1, None)
    assert found.probability == pytest.approx(0.98)


def test_the_most_suspect_come_first() -> None:
    probabilities = np.array([[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5)
    probabilities[[1, 3, 7]] = [[0.02, 0.98], [0.08, 0.92], [0.99, 0.01]]
    found = find_suspects(probabilities, np.repeat([0, 1], 5), np.ones(10))
    assert [one.index for one in found] == [7, 1, 3]
