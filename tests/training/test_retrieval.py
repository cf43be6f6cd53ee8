"""Whether what is found by likeness is judged as by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.making import image
from training.retrieval import (
    Judged,
    Shelf,
    at_random,
    by_hash,
    judge,
    of_label,
    retrieve,
    shelve,
)


def shelf(labels: list[int], first: int = 0) -> Shelf:
    """Pictures that all show something else, numbered from `first`."""
    return Shelf(np.array(labels), np.arange(first, first + len(labels)))


def ranked(order: list[int], asked: int = 1, **shown: int) -> Judged:
    """One query for label `asked` to a gallery whose labels come in this order."""
    scores = -np.arange(len(order), dtype=np.float64)[None]
    query = Shelf(np.array([asked]), np.array([shown.get("shown", 1000)]))
    return judge(scores, query, shelf(order))


def test_average_precision_is_what_it_is_by_hand() -> None:
    judged = ranked([1, 0, 1, 0, 0, 1])
    assert judged.precision == pytest.approx([(1 + 2 / 3 + 3 / 6) / 3])
    assert judged.found.all()


def test_ten_right_ones_are_all_that_can_be_asked_of_ten_results() -> None:
    assert ranked([1] * 10 + [0] * 5 + [1] * 20).precision == pytest.approx([1])
    late = ranked([0] * 10 + [1])
    assert (late.precision.tolist(), late.found.tolist()) == ([0], [False])


def test_what_shows_the_same_as_the_query_is_no_result_and_is_not_missed() -> None:
    order = [1, 0, 1]
    assert ranked(order).precision == pytest.approx([(1 + 2 / 3) / 2])
    assert ranked(order, shown=0).precision == pytest.approx([1 / 2])
    assert not len(ranked([1, 0], shown=0).precision)  # nothing else to be found


def test_a_query_whose_label_the_gallery_lacks_does_not_count() -> None:
    judged = judge(np.ones((2, 3)), shelf([1, 7], 10), shelf([1, 1, 0]))
    assert len(judged.precision) == len(judged.found) == 1


def test_equal_scores_do_not_favour_what_lies_first() -> None:
    gallery = shelf([1] * 200 + [0] * 200)
    judged = judge(np.zeros((1, 400)), shelf([1], 1000), gallery)
    assert judged.precision[0] < 1


def test_pictures_of_the_predicted_label_are_all_right_or_all_wrong() -> None:
    queries, gallery = shelf([0, 0, 1, 1], 1000), shelf([0, 1] * 20)
    rng = np.random.default_rng(0)
    picks = of_label(np.array([0, 1, 1, 1]), gallery, at_random(queries, gallery, rng))
    judged = judge(picks, queries, gallery)
    assert judged.precision.tolist() == [1, 0, 1, 1]
    assert judged.found.tolist() == [True, False, True, True]


def test_hashes_order_by_how_many_bits_differ() -> None:
    kept = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]], bool)
    scores = by_hash(kept[:1], kept)
    assert scores.tolist() == [[0, -1, -4]]


def test_embeddings_that_point_by_label_find_their_label(monkeypatch: pytest.MonkeyPatch) -> None:
    def directions(labels: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
        noise = 0.05 * np.random.default_rng(seed).normal(size=(len(labels), 4))
        vectors = np.eye(4)[labels] + noise
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    asked, kept = np.arange(30) % 3, np.arange(60) % 3
    sides = shelf(asked.tolist(), 1000), shelf(kept.tolist())
    whole = retrieve(directions(asked, 0), directions(kept, 1), *sides)
    assert whole is not None
    assert (whole.precision.value, whole.recall.count, whole.gallery) == (1, 30, 60)
    monkeypatch.setattr("training.retrieval.BLOCK", 7)
    assert retrieve(directions(asked, 0), directions(kept, 1), *sides) == whole
    elsewhere = shelf([5] * 60)
    assert retrieve(directions(asked, 0), directions(kept, 1), sides[0], elsewhere) is None


def test_copies_and_look_alikes_are_known_across_both_splits() -> None:
    asked = (image(1, "cat", "test", "a"), image(2, "dog", "test", group=4))
    kept = (image(3, "dog", "train", "a"), image(4, "cat", "train", group=4), image(5, "cat", "train"))
    queries, gallery = shelve(asked, kept, ("cat", "dog"))
    assert (queries.labels.tolist(), gallery.labels.tolist()) == ([0, 1], [1, 0, 0])
    assert queries.shown[0] == gallery.shown[0]
    assert queries.shown[1] == gallery.shown[1]
    assert len({*queries.shown.tolist(), *gallery.shown.tolist()}) == 3
