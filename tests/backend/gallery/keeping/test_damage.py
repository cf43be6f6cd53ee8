"""Lose the index, or a part of it, and nothing is lost."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from databases.nearest import Among
from databases.registry import RegisteredModel
from tests.backend.gallery.keeping.indexing import change, ids, opened
from tests.backend.gallery.shelving import Shelving


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def unclose(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"}", b" ", 1))


def rot(path: Path) -> None:
    """Changes one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def rename_a_label(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"cat"', b'"bat"'))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no list": lambda folder: (folder / "current.json").unlink(),
    "half a list": lambda folder: cut(folder / "current.json"),
    "no codes": lambda folder: next(folder.rglob("codes.npy")).unlink(),
    "half the codes": lambda folder: cut(next(folder.rglob("codes.npy"))),
    "half the columns": lambda folder: cut(next(folder.rglob("columns.npy"))),
    "a header that breaks off": lambda folder: unclose(next(folder.rglob("columns.npy"))),
    "no cells": lambda folder: next(folder.rglob("cells.npy")).write_bytes(b""),
    "half the checksums": lambda folder: cut(next(folder.rglob("sums.json"))),
    "no checksums": lambda folder: next(folder.rglob("sums.json")).unlink(),
    "a label of the list": lambda folder: rename_a_label(folder / "current.json"),
    "nothing of what went": lambda folder: cut(next(folder.glob("gone-*.npz"))),
    "an empty file of what went": lambda folder: next(folder.glob("gone-*.npz")).write_bytes(b""),
    "no part": lambda folder: shutil.rmtree(next(folder.rglob("codes.npy")).parent),
    "all": shutil.rmtree,
    "a part that a crash left": lambda folder: shutil.copytree(
        next(folder.rglob("codes.npy")).parent, folder / "000002"
    ),
}


@pytest.mark.parametrize("name", ["codes.npy", "columns.npy", "cells.npy", "centroids.npy", "scales.npy"])
def test_one_rotten_bit_is_told_and_the_file_written_anew(
    shelving: Shelving, model: RegisteredModel, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    opened(shelving, model)
    (file,) = shelving.folder.rglob(name)
    rot(file)
    with caplog.at_level(logging.WARNING):
        gallery = opened(shelving, model)
    assert "is damaged, and made anew" in caplog.text
    assert not file.exists()
    assert ids(gallery) == set(range(1, 201))


def test_an_index_in_the_format_of_another_version_is_made_anew(
    shelving: Shelving, model: RegisteredModel
) -> None:
    opened(shelving, model)
    current = shelving.folder / model.version / "current.json"
    (codes,) = shelving.folder.rglob("codes.npy")
    older = json.loads(current.read_text(encoding="utf-8")) | {"format": 1}
    del older["checksum"]
    current.write_text(json.dumps(older), encoding="utf-8")
    assert ids(opened(shelving, model)) == set(range(1, 201))
    assert not codes.exists()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_lost_or_damaged_is_made_anew(
    shelving: Shelving, model: RegisteredModel, damage: Callable[[Path], object]
) -> None:
    opened(shelving, model)
    damage(shelving.folder / model.version)
    change(shelving, 9, label="dog")
    gallery = opened(shelving, model)
    assert ids(gallery) == set(range(1, 201))
    assert ids(gallery, Among(label="dog")) == {9}
    assert ids(gallery, Among(label="cat")) == set(range(1, 201)) - {9}
    assert not gallery.follow()
