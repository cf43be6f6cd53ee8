"""Look-alikes stand side by side, whatever order they come in."""

from itertools import groupby

import numpy as np
import pytest

from backend.gallery.arranging import side_by_side


@pytest.mark.parametrize("seed", range(5))
def test_a_cluster_comes_whole_before_the_next_begins(seed: int) -> None:
    random = np.random.default_rng(seed)
    cluster = random.integers(0, 6, 60)
    rows = np.eye(6, 32)[cluster] + random.normal(0, 0.02, (60, 32))
    order = side_by_side(_bytes(rows))
    assert sorted(order) == list(range(60))
    assert order[0] == 0
    assert len(list(groupby(cluster[order]))) == len(set(cluster)) < len(list(groupby(cluster)))


def test_a_chain_of_small_steps_is_walked_along() -> None:
    angles = np.array([0.0, 0.4, 0.2, 0.1, 0.3])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert side_by_side(_bytes(rows)) == [0, 3, 2, 4, 1]


def test_equal_ones_keep_their_order() -> None:
    assert side_by_side(_bytes(np.ones((4, 3)))) == [0, 1, 2, 3]


@pytest.mark.parametrize("count", [0, 1])
def test_few_are_in_order(count: int) -> None:
    assert side_by_side(_bytes(np.ones((count, 3)))) == list(range(count))


def _bytes(rows: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("<f4")]
