"""Of a large gallery only the nearest cells are read."""

from dataclasses import replace

import numpy as np
import pytest

from backend.gallery import cells, scanning
from backend.gallery.choosing import search
from databases.nearest import Among
from tests.backend.gallery.keeping.indexing import ANY, SIZE, add, opened
from tests.backend.gallery.shelving import Shelving, many, unit


def read_cells(monkeypatch: pytest.MonkeyPatch, from_rows: int) -> None:
    """Has a gallery of more than 200 pictures read by cells, 300 pictures at a time; parts of so many rows
    have them."""
    for name, value in {"COMPARED_ALL": 200, "PROBED": 300}.items():
        monkeypatch.setattr(scanning, name, value)
    for name, value in {"WORTH_CELLS": from_rows, "ROWS_A_CELL": 40}.items():
        monkeypatch.setattr(cells, name, value)


def test_what_was_added_lately_to_a_large_gallery_is_found(
    shelving: Shelving, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_cells(monkeypatch, from_rows=200)
    vectors = np.abs(np.random.default_rng(3).standard_normal((1020, SIZE)))  # as a ReLU's are
    vectors[1000:] = vectors[0] + 0.01 * vectors[1000:]
    pictures = many(vectors)
    model = shelving.fill(pictures[:1000])
    gallery = opened(shelving, model)
    add(shelving, model, *pictures[1000:])
    gallery.follow()
    assert len(list(shelving.folder.rglob("codes.npy"))) == 2
    found = search(gallery, unit(pictures[0].vector), ANY, k=21)
    assert {match.image_id for match in found.matches} == {1, *range(1001, 1021)}


def test_however_much_was_added_lately_to_a_large_gallery_what_was_there_before_is_found(
    shelving: Shelving, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_cells(monkeypatch, from_rows=1000)
    pictures = many(np.random.default_rng(4).standard_normal((1350, SIZE)))
    model = shelving.fill(pictures[:1000])
    gallery = opened(shelving, model)
    add(shelving, model, *pictures[1000:])  # more than are read of cells
    gallery.follow()
    assert len(list(shelving.folder.rglob("codes.npy"))) == 2
    for picture in pictures[::50]:
        (match,) = search(gallery, unit(picture.vector), ANY, k=1).matches
        assert match.image_id == picture.id


def test_of_very_many_the_nearest_cells_are_read_and_always_k_are_found(
    shelving: Shelving, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(1)
    middles = random.standard_normal((12, SIZE))
    vectors = (middles[:, None] + 0.3 * random.standard_normal((12, 120, SIZE))).reshape(-1, SIZE)
    pictures = [
        replace(one, label="rare" if one.id % 400 == 0 else "cat", split="val" if one.id % 2 else "train")
        for one in many(vectors)
    ]
    read_cells(monkeypatch, from_rows=200)
    model = shelving.fill(pictures)
    gallery = opened(shelving, model)
    rows = np.stack([unit(one.vector) for one in pictures])
    found = missed = 0
    for query in rows[::100]:
        for among, kept in ((ANY, pictures), (Among(split="val"), [p for p in pictures if p.split == "val"])):
            answer = search(gallery, query, among, k=10)
            assert (len(answer.matches), answer.available) == (10, len(kept))
            cosines = sorted((float(rows[one.id - 1] @ query) for one in kept), reverse=True)
            missed += sum(match.similarity < cosines[9] - 1e-5 for match in answer.matches)
            found += 10
        rare = search(gallery, query, Among(label="rare"), k=10)
        assert {match.image_id for match in rare.matches} == {400, 800, 1200}
    assert missed / found < 0.03
    assert len(search(gallery, rows[0], ANY, k=900).matches) == 900
