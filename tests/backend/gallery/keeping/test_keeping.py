"""The index beside an SQLite database: kept, shared, brought up to date."""

import os
import shutil
import time

import numpy as np
from sqlalchemy import delete

from backend.gallery.files import Files
from databases.models import GalleryChange, Image
from databases.nearest import Among
from databases.registry import RegisteredModel
from tests.backend.gallery.keeping.indexing import SIZE, add, change, files, ids, opened
from tests.backend.gallery.shelving import Picture, Shelving


def test_what_was_made_once_is_read_again_and_not_written(shelving: Shelving, model: RegisteredModel) -> None:
    assert ids(opened(shelving, model)) == set(range(1, 201))
    before = files(shelving)
    gallery = opened(shelving, model)
    assert (ids(gallery), gallery.follow()) == (set(range(1, 201)), False)
    assert files(shelving) == before


def test_what_comes_goes_or_is_relabelled_is_taken_up_and_the_rest_is_not_written_anew(
    shelving: Shelving, model: RegisteredModel
) -> None:
    gallery = opened(shelving, model)
    (large,) = (name for name in files(shelving) if name.endswith("codes.npy"))
    written = files(shelving)[large]
    add(shelving, model, Picture(500, tuple(range(1, 17))))
    change(shelving, 3, status="missing")
    change(shelving, 4, label="dog")
    assert gallery.follow()
    assert ids(gallery) == {*range(1, 201), 500} - {3}
    assert ids(gallery, Among(label="dog")) == {4}
    assert ids(gallery, Among(label="cat")) == {*range(1, 201), 500} - {3, 4}
    assert files(shelving)[large] == written
    assert ids(opened(shelving, model)) == ids(gallery)


def test_however_often_something_is_added_the_parts_stay_few(
    shelving: Shelving, model: RegisteredModel
) -> None:
    gallery = opened(shelving, model)
    for number in range(1000, 1020):
        add(shelving, model, Picture(number, tuple(range(number, number + 16))))
        assert gallery.follow()
    assert len([name for name in files(shelving) if name.endswith("codes.npy")]) <= 4
    assert ids(gallery) == {*range(1, 201), *range(1000, 1020)}


def test_what_went_is_no_longer_kept_when_it_was_much(shelving: Shelving, model: RegisteredModel) -> None:
    gallery = opened(shelving, model)
    with shelving.engine.begin() as connection:
        connection.execute(delete(Image).where(Image.id <= 80))
    gallery.follow()
    (codes,) = shelving.folder.rglob("codes.npy")
    assert np.load(codes).shape == (120, SIZE)
    with shelving.engine.begin() as connection:
        connection.execute(delete(Image))
    gallery.follow()
    assert (len(gallery), list(shelving.folder.rglob("codes.npy"))) == (0, [])


def test_another_process_reads_what_the_first_has_written(shelving: Shelving, model: RegisteredModel) -> None:
    first, second = opened(shelving, model), opened(shelving, model)
    change(shelving, 7, label="dog")
    assert first.follow()
    before = files(shelving)
    assert second.follow()
    assert ids(second, Among(label="dog")) == {7}
    assert files(shelving) == before


def test_a_database_that_was_filled_before_it_told_changes_is_read_whole(
    shelving: Shelving, model: RegisteredModel
) -> None:
    with shelving.engine.begin() as connection:
        connection.execute(delete(GalleryChange))
    gallery = opened(shelving, model)
    assert (ids(gallery), gallery.follow()) == (set(range(1, 201)), False)


def test_who_does_not_get_the_lock_serves_on_and_reads_it_later(
    shelving: Shelving, model: RegisteredModel
) -> None:
    gallery = opened(shelving, model)
    change(shelving, 7, label="dog")
    files = Files(shelving.folder / model.version, model.version, SIZE)
    with files.locked(wait=True):
        assert not gallery.follow()
        assert ids(gallery, Among(label="dog")) == set()
    assert gallery.follow()
    assert ids(gallery, Among(label="dog")) == {7}


def test_a_folder_that_is_deleted_while_it_serves_is_made_again(
    shelving: Shelving, model: RegisteredModel
) -> None:
    gallery = opened(shelving, model)
    shutil.rmtree(shelving.folder)
    assert (ids(gallery), gallery.follow()) == (set(range(1, 201)), False)
    change(shelving, 9, label="dog")
    assert gallery.follow()
    assert ids(gallery, Among(label="dog")) == {9}


def test_an_index_that_nobody_used_for_a_month_is_removed(shelving: Shelving, model: RegisteredModel) -> None:
    old, used = shelving.fill([], "pets-2"), shelving.fill([], "pets-3")
    for one in (old, used):
        opened(shelving, one)
    opened_at = time.time()
    os.utime(shelving.folder / "pets-2" / "lock", (opened_at, opened_at - 31 * 24 * 3600))
    opened(shelving, model)
    kept = {path.parent.name for path in shelving.folder.glob("*/current.json")}
    assert kept == {"pets-1", "pets-3"}
    assert ids(opened(shelving, old)) == set()
