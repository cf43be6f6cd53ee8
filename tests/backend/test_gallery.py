import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.gallery import Entry, Gallery


def entry(image_id: int, label: str | None, sha256: str, *vector: float) -> Entry:
    unit = np.array(vector) / np.linalg.norm(vector)
    return Entry(image_id, label, sha256, unit.astype("<f4").tobytes())


CATS = [entry(7, "cat", "a", 1, 0), entry(3, "cat", "b", 1, 1), entry(5, "cat", "c", 0, 1)]
DOGS = [entry(9, "dog", "d", 1, 0), entry(11, None, "e", 1, 0)]
QUERY = np.array([1, 0], np.float32)


def test_the_nearest_of_the_label_come_first_with_their_cosine() -> None:
    found = Gallery(CATS + DOGS, 2).search(QUERY, "cat", without="-", k=2)
    assert [match.image_id for match in found.matches] == [7, 3]
    assert [match.similarity for match in found.matches] == pytest.approx([1, 0.5**0.5])
    assert found.available == 3


def test_all_copies_of_the_query_are_left_out() -> None:
    copies = [*CATS, entry(20, "cat", "a", 1, 0)]
    found = Gallery(copies, 2).search(QUERY, "cat", without="a", k=9)
    assert [match.image_id for match in found.matches] == [3, 5]
    assert found.available == 2


def test_a_label_without_pictures_gives_none() -> None:
    assert Gallery(CATS, 2).search(QUERY, "emu", without="-", k=3).matches == []
    assert Gallery([], 2).search(QUERY, "cat", without="-", k=3).available == 0


def test_ties_go_to_the_lower_id() -> None:
    same = [entry(number, "cat", f"{number}", 1, 0) for number in (8, 2, 5)]
    assert [m.image_id for m in Gallery(same, 2).search(QUERY, "cat", without="-", k=2).matches] == [2, 5]


def test_opposite_pictures_have_similarity_zero() -> None:
    found = Gallery([entry(1, "cat", "a", -1, 0)], 2).search(QUERY, "cat", without="-", k=1)
    assert found.matches[0].similarity == 0


def test_a_picture_is_found_by_its_id() -> None:
    gallery = Gallery(CATS + DOGS, 2)
    assert gallery.find(3) == CATS[1]
    assert gallery.find(4) is None
    assert gallery.find(99) is None
    assert len(gallery) == 5


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("pqrs"), st.floats(0, 1)), max_size=30),
    st.integers(1, 40),
)
def test_there_are_always_min_of_k_and_available(rows: list[tuple[str, str, float]], k: int) -> None:
    entries = [entry(i, label, sha, 1, angle) for i, (label, sha, angle) in enumerate(rows)]
    found = Gallery(entries, 2).search(QUERY, "a", without="p", k=k)
    assert found.available == sum(label == "a" and sha != "p" for label, sha, _ in rows)
    assert len(found.matches) == min(k, found.available)
    cosines = [match.similarity for match in found.matches]
    assert cosines == sorted(cosines, reverse=True)
