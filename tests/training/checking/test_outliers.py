"""Pictures unlike all others, by their embeddings."""

import numpy as np
import pytest
from numpy.typing import NDArray

from training.checking.outliers import CHUNK, FEWEST, find_outliers, neighbour_distances


def embeddings(n: int = 40) -> NDArray[np.float32]:
    """Around one direction in 16, but for the last two: they lie elsewhere, at one point."""
    rng = np.random.default_rng(0)
    points = np.eye(16)[0] + 0.1 * rng.normal(size=(n, 16))
    points[-2:] = np.eye(16)[5]
    unit: NDArray[np.float32] = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    return unit


def names(n: int) -> list[str]:
    return [f"content {number}" for number in range(n)]


def test_what_is_far_from_all_others_is_found_though_it_has_a_copy() -> None:
    found = find_outliers(neighbour_distances(embeddings(), names(40)))
    assert set(found[:2]) == {38, 39}
    assert len(found) <= 4


def test_copies_are_nobodys_neighbours() -> None:
    points = np.repeat(embeddings(10)[:8], 6, axis=0)
    apart = neighbour_distances(points, names(48))
    together = neighbour_distances(points, [f"content {number // 6}" for number in range(48)])
    assert np.abs(apart).max() < 1e-5
    assert together.min() > 0.01


def test_the_distances_are_those_to_the_fifth_nearest_of_however_many() -> None:
    rng = np.random.default_rng(1)
    n = CHUNK + 200
    points = rng.normal(size=(n, 8)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    distances = neighbour_distances(points, names(n))
    for i in (0, CHUNK - 1, CHUNK, n - 1):
        others = np.delete(1 - points @ points[i], i)
        assert distances[i] == pytest.approx(np.sort(others)[4], abs=1e-6)


def test_of_few_pictures_none_stands_out() -> None:
    distances = np.full(FEWEST, 0.2, np.float32)
    distances[3] = 0.9
    assert find_outliers(distances) == [3]
    assert find_outliers(distances[: FEWEST - 1]) == []
