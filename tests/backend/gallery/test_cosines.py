"""Cosines from the embeddings themselves."""

import numpy as np

from backend.gallery.cosines import exact_cosines
from tests.backend.gallery.shelving import unit


def test_equal_vectors_are_equally_near_whatever_lies_beside_them() -> None:
    random = np.random.default_rng(2)
    vector = unit(random.standard_normal(64).tolist()).tobytes()
    for _ in range(300):  # with products in float32 a few are not
        query = unit(random.standard_normal(64).tolist())
        assert len(set(exact_cosines([vector] * 101, query))) == 1


def test_cosines_are_those_of_each_vector() -> None:
    vectors = [unit(direction).tobytes() for direction in ((1, 0, 0, 0), (3, 4, 0, 0), (-1, 0, 0, 0))]
    assert exact_cosines(vectors, unit((1, 0, 0, 0))) == [1.0, 0.6, -1.0]
    assert exact_cosines([], unit((1, 0, 0, 0))) == []
