"""Nothing near is missed because codes are rough."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from backend.gallery import comparing
from backend.gallery.choosing import search
from backend.gallery.quantised import dots, farthest_off, quantise
from databases.nearest import Among
from tests.backend.gallery.shelving import Shelving, many, unit
from tests.opening import open_database

SIZE = 1280


@pytest.fixture
def shelving(tmp_path: Path) -> Iterator[Shelving]:
    engine = open_database(f"sqlite:///{tmp_path / 'images.db'}")
    yield Shelving(engine, tmp_path / "galleries")
    engine.dispose()


def test_numbers_that_all_round_to_nothing_are_not_overlooked(shelving: Shelving) -> None:
    uniform = np.ones(SIZE)
    spiked = np.full(SIZE, 0.0034)
    spiked[0] = 0.99  # beside which the others are less than half a step
    others = np.zeros((300, SIZE))
    others[np.arange(300), np.arange(1, 301)] = 1
    others += 0.0027 * uniform
    model = shelving.fill(many(np.concatenate([spiked[None], others])))
    with shelving.opened(model, size=SIZE) as gallery:
        found = search(gallery, unit(uniform.tolist()), Among(), k=5)
    assert found.matches[0].image_id == 1


def test_a_burst_of_pictures_that_codes_cannot_tell_apart_is_compared_in_parts(
    shelving: Shelving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "AT_ONCE", 32)
    random = np.random.default_rng(0)
    middle = random.standard_normal(64)
    vectors = middle + 0.001 * random.standard_normal((400, 64))
    model = shelving.fill(many(vectors))
    query = unit(middle.tolist())
    rows = np.stack([unit(vector) for vector in vectors]).astype(np.float64)
    cosines = np.round(rows @ query.astype(np.float64), 6)
    expected = np.lexsort((np.arange(400), -cosines))[:10] + 1
    with shelving.opened(model, size=64) as gallery:
        found = search(gallery, query, Among(), k=10)
        assert [match.image_id for match in found.matches] == expected.tolist()
        monkeypatch.setattr(comparing, "MOST", 32)
        assert len(search(gallery, query, Among(), k=10).matches) == 10


NUMBERS = st.floats(-1, 1, width=32)


@given(arrays(np.float32, (5, 7), elements=NUMBERS), arrays(np.float32, 7, elements=NUMBERS))
def test_a_product_of_codes_is_no_farther_off_than_told(
    rows: NDArray[np.float32], query: NDArray[np.float32]
) -> None:
    rows, query = (
        vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-6))
        for vectors in (rows, query)
    )
    coded, asked = quantise(rows), quantise(query[None])
    about = dots(asked.codes[0], coded.codes, 1) * coded.scales * asked.scales[0]
    off = np.abs(about - rows.astype(np.float64) @ query.astype(np.float64))
    assert (off <= farthest_off(asked, coded.errors) + 1e-6).all()
    assert len(dots(asked.codes[0], coded.codes[:0], 1)) == 0
