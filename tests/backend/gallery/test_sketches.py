"""What is left out by its sketch is too far; where what told so is gone, it is looked at again."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import update

from backend.gallery import embedded, sketches
from backend.gallery.choosing import search
from backend.gallery.quantised import quantise, restore
from backend.gallery.scanning import Scanned, scan
from databases.models import Image
from databases.nearest import Among
from tests.backend.gallery.shelving import Shelving, many, unit
from tests.opening import open_database

SIZE, COUNT = 64, 900
ANY = Among()


@pytest.fixture
def shelving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelving]:
    """One that makes sketches of few."""
    monkeypatch.setattr(sketches, "LEAST", 100)
    monkeypatch.setattr(sketches, "DIRECTIONS", 8)
    engine = open_database(f"sqlite:///{tmp_path / 'images.db'}")
    yield Shelving(engine, tmp_path / "galleries")
    engine.dispose()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each scan leaves to be compared."""
    counts: list[int] = []

    def counted(*asked: object, **more: object) -> Scanned:
        near = scan(*asked, **more)  # type: ignore[arg-type]
        counts.append(len(near))
        return near

    monkeypatch.setattr(embedded, "scan", counted)
    return counts


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float64]:
    """Of twelve kinds."""
    random = np.random.default_rng(2)
    kinds = random.standard_normal((12, SIZE))
    return kinds[np.arange(COUNT) % 12] + 0.3 * random.standard_normal((COUNT, SIZE))


def nearest(vectors: NDArray[np.float64], query: NDArray[np.float32], gone: int = 0) -> list[int]:
    """Ids of the ten nearest after so many, as brute force has them."""
    rows = np.stack([unit(vector) for vector in vectors]).astype(np.float64)
    cosines = (rows @ query.astype(np.float64)).round(6)
    order = np.lexsort((np.arange(len(rows)), -cosines))
    return [int(row) + 1 for row in order[gone : gone + 10]]


def test_no_cosine_is_higher_than_a_sketch_allows() -> None:
    random = np.random.default_rng(0)
    rows = np.maximum(random.standard_normal((3000, 1280)) * np.linspace(3, 0.1, 1280), 0)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    coded = quantise(rows)
    made = sketches.sketch(lambda some: restore(coded.codes[some], coded.scales[some]), coded.errors)
    for query in rows[:20]:
        about, off = made.cosines(query, slice(0, 3000))
        exact = rows.astype(np.float64) @ query.astype(np.float64)
        assert (about + off >= exact - 1e-6).all()
        assert np.median(about + off - exact) < 0.9  # it tells something


def test_far_ones_are_not_read_and_the_answers_are_those_of_brute_force(
    shelving: Shelving, read: list[int], vectors: NDArray[np.float64]
) -> None:
    model = shelving.fill(many(vectors))
    with shelving.opened(model, size=SIZE) as gallery:
        for row in range(0, 60, 5):
            query = unit(vectors[row] + 0.1 * vectors[row + 1])
            found = search(gallery, query, ANY, k=10)
            assert [match.image_id for match in found.matches] == nearest(vectors, query)
    assert max(read) < COUNT / 2


def test_what_was_left_out_is_looked_at_where_what_was_near_is_gone(
    shelving: Shelving, read: list[int], vectors: NDArray[np.float64]
) -> None:
    model = shelving.fill(many(vectors))
    query = unit(vectors[0])
    cosines = np.stack([unit(vector) for vector in vectors]) @ query
    gone = int((cosines > 0.7).sum())
    assert 60 < gone < 100
    with shelving.opened(model, size=SIZE) as gallery:
        ids = [int(row) + 1 for row in np.argsort(-cosines, kind="stable")[:gone]]
        with shelving.engine.begin() as connection:
            connection.execute(update(Image).where(Image.id.in_(ids)).values(status="missing"))
        found = search(gallery, query, ANY, k=10)  # which does not know of it yet
    assert [match.image_id for match in found.matches] == nearest(vectors, query, gone)
    assert read[-1] == COUNT
    assert read[0] < COUNT / 2


@pytest.mark.parametrize("name", ["basis.npy", "sketches.npy", "bounds.npy"])
def test_a_rotten_sketch_is_made_anew(
    shelving: Shelving, vectors: NDArray[np.float64], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    model = shelving.fill(many(vectors))
    with shelving.opened(model, size=SIZE):
        (file,) = shelving.folder.rglob(name)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING), shelving.opened(model, size=SIZE) as gallery:
        found = search(gallery, unit(vectors[3]), ANY, k=10)
    assert "is damaged, and made anew" in caplog.text
    assert [match.image_id for match in found.matches] == nearest(vectors, unit(vectors[3]))
