"""The index beside an SQLite database: kept, shared, brought up to date; lose it, and nothing is lost."""

import errno
import fcntl
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from numpy.typing import NDArray
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from backend.gallery import cells, scanning
from backend.gallery.asking import Gallery
from backend.gallery.choosing import search
from backend.gallery.files import Files
from backend.gallery.opening import open_gallery
from databases.models import Embedding, GalleryChange, Image
from databases.nearest import Among
from databases.registry import RegisteredModel
from databases.schema import MIGRATIONS, open_for_writing
from tests.backend.gallery.shelving import Picture, Shelving, embed, many, put, unit
from tests.opening import open_database

SIZE = 16
ANY = Among()


@pytest.fixture
def shelving(tmp_path: Path) -> Iterator[Shelving]:
    engine = open_database(f"sqlite:///{tmp_path / 'images.db'}")
    yield Shelving(engine, tmp_path / "galleries")
    engine.dispose()


@pytest.fixture
def model(shelving: Shelving) -> RegisteredModel:
    return shelving.fill(crowd(200))


def crowd(count: int) -> list[Picture]:
    return many(np.random.default_rng(7).standard_normal((count, SIZE)))


def opened(shelving: Shelving, model: RegisteredModel) -> Gallery:
    return open_gallery(shelving.engine, model, SIZE, shelving.folder, threads=1)


def add(shelving: Shelving, model: RegisteredModel, *pictures: Picture) -> None:
    with Session(shelving.engine) as session, session.begin():
        put(session, pictures)
        embed(session, model, pictures)


def change(shelving: Shelving, image_id: int, **values: object) -> None:
    with shelving.engine.begin() as connection:
        connection.execute(update(Image).where(Image.id == image_id).values(**values))


def spoil(shelving: Shelving, vector: NDArray[np.float64], *image_ids: int) -> None:
    """Gives pictures an embedding that we would not put there."""
    values = {"vector": vector.astype("<f4").tobytes()}
    with shelving.engine.begin() as connection:
        connection.execute(update(Embedding).where(Embedding.image_id.in_(image_ids)).values(values))


def ids(gallery: Gallery, among: Among = ANY) -> set[int]:
    return {match.image_id for match in search(gallery, unit([1.0] * SIZE), among, k=1000).matches}


def files(shelving: Shelving) -> dict[str, int]:
    """When each file of the index was written."""
    return {
        str(path.relative_to(shelving.folder)): path.stat().st_mtime_ns
        for path in shelving.folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


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


def test_an_update_that_broke_off_is_done_by_the_next(
    shelving: Shelving, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = opened(shelving, model)
    change(shelving, 9, label="dog")
    with monkeypatch.context() as context:
        context.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
        with pytest.raises(OSError, match="no space left"):
            gallery.follow()
    assert ids(gallery) == set(range(1, 201))  # as it was
    assert gallery.follow()
    assert ids(gallery, Among(label="dog")) == {9}


@pytest.mark.parametrize("embedded_anew", [0, 1050], ids=["none", "whose change would tell"])
def test_the_index_of_another_database_is_not_served(
    shelving: Shelving, tmp_path: Path, caplog: pytest.LogCaptureFixture, embedded_anew: int
) -> None:
    model = shelving.fill(crowd(50))
    opened(shelving, model)
    engine = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    other = Shelving(engine, shelving.folder)
    pictures = [replace(one, id=one.id + 1000) for one in crowd(80)]
    theirs = other.fill(pictures)
    with Session(engine) as session, session.begin():
        embed(session, theirs, [one for one in pictures if one.id == embedded_anew])
    with caplog.at_level(logging.WARNING):
        same_name = replace(theirs, created_at=model.created_at)
        assert ids(opened(other, same_name)) == set(range(1001, 1081))
    assert "is of another database" in caplog.text
    engine.dispose()


@pytest.mark.parametrize(
    "vector",
    [np.full(SIZE, np.nan), np.full(SIZE, 0.1), unit([1.0] * (SIZE - 1))],
    ids=["nan", "short", "15"],
)
def test_pictures_whose_embeddings_cannot_be_searched_are_left_out_and_told(
    shelving: Shelving,
    model: RegisteredModel,
    caplog: pytest.LogCaptureFixture,
    vector: NDArray[np.float64],
) -> None:
    spoil(shelving, vector, 3, 4)
    gallery = opened(shelving, model)
    assert ids(gallery) == set(range(1, 201)) - {3, 4}
    assert "embeddings under pets-1 cannot be searched: [3, 4], 2 in all" in caplog.text
    assert len(gallery) == 200  # all are embedded: nothing more is to come
    assert gallery.find(3) is None
    assert gallery.find(5) is not None
    with Session(shelving.engine) as session, session.begin():
        embed(session, model, crowd(3)[2:])
    assert gallery.follow()
    assert ids(gallery) == set(range(1, 201)) - {4}
    spoil(shelving, vector, 7)
    assert gallery.follow()
    assert ids(gallery) == set(range(1, 201)) - {4, 7}
    written = files(shelving)
    assert ids(opened(shelving, model)) == set(range(1, 201)) - {4, 7}
    assert files(shelving) == written


def test_where_no_embedding_can_be_searched_the_gallery_is_empty(
    shelving: Shelving, model: RegisteredModel
) -> None:
    spoil(shelving, np.zeros(0), *range(1, 201))
    gallery = opened(shelving, model)
    assert (len(gallery), ids(gallery), gallery.follow()) == (200, set(), False)


def copied(shelving: Shelving) -> Callable[[], None]:
    """Copies the database; what it returns puts the copy in its place."""
    database = Path(str(shelving.engine.url.database))
    copy = database.with_suffix(".copy")
    shelving.engine.dispose()
    shutil.copy(database, copy)

    def put_back() -> None:
        shelving.engine.dispose()
        for path in database.parent.glob(f"{database.name}*"):
            if path.is_file():
                path.unlink()
        shutil.copy(copy, database)

    return put_back


def test_an_older_copy_of_the_database_is_followed(shelving: Shelving, model: RegisteredModel) -> None:
    put_back = copied(shelving)
    gallery = opened(shelving, model)
    change(shelving, 1, label="dog")
    assert gallery.follow()
    assert ids(gallery, Among(label="dog")) == {1}
    put_back()
    assert gallery.follow()
    assert ids(gallery, Among(label="dog")) == set()


@pytest.mark.parametrize("anew", [False, True], ids=["followed", "opened anew"])
def test_an_older_copy_that_went_further_than_the_index_is_read_whole(
    shelving: Shelving, model: RegisteredModel, anew: bool
) -> None:
    put_back = copied(shelving)
    gallery = opened(shelving, model)
    for image_id in (1, 2):
        change(shelving, image_id, label="dog")
    assert gallery.follow()
    put_back()
    for image_id in (3, 4, 5):
        change(shelving, image_id, label="dog")
    assert anew or gallery.follow()
    gallery = opened(shelving, model) if anew else gallery
    assert ids(gallery, Among(label="dog")) == {3, 4, 5}
    assert ids(gallery, Among(label="cat")) == set(range(1, 201)) - {3, 4, 5}


def test_what_changed_while_nobody_told_of_changes_is_taken_up(
    shelving: Shelving, model: RegisteredModel
) -> None:
    opened(shelving, model)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with shelving.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        connection.execute(update(Image).where(Image.id == 7).values(label="dog"))
    open_for_writing(shelving.engine.url.render_as_string()).dispose()
    gallery = opened(shelving, model)
    assert ids(gallery, Among(label="dog")) == {7}


def no_space(*_: object, **__: object) -> None:
    raise OSError("no space left")


STEPS = {
    "the segment": "numpy.save",
    "what went": "numpy.savez",
    "making that durable": "backend.gallery.files.make_durable",
    "the list's draft": "backend.gallery.state.make_durable",
    "the list": "pathlib.Path.replace",
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_an_update_that_fails_leaves_nothing_behind(
    shelving: Shelving, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    gallery = opened(shelving, model)
    before = {path.name for path in (shelving.folder / model.version).iterdir()}
    add(shelving, model, Picture(500, tuple(range(1, 17))))
    with monkeypatch.context() as context:
        context.setattr(step, no_space)
        for _ in range(3):
            with pytest.raises(OSError, match="no space left"):
                gallery.follow()
        assert {path.name for path in (shelving.folder / model.version).iterdir()} == before
    assert gallery.follow()
    assert ids(gallery) == {*range(1, 201), 500}


def test_while_updates_fail_what_another_process_wrote_is_served(
    shelving: Shelving, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = opened(shelving, model), opened(shelving, model)
    change(shelving, 7, label="dog")
    assert first.follow()
    change(shelving, 8, label="dog")
    with monkeypatch.context() as context:
        context.setattr("numpy.savez", no_space)
        assert second.follow()
        assert ids(second, Among(label="dog")) == {7}
        for gallery in (first, second):
            with pytest.raises(OSError, match="no space left"):
                gallery.follow()
            assert ids(gallery, Among(label="dog")) == {7}
    assert second.follow()
    assert ids(second, Among(label="dog")) == {7, 8}


def test_an_update_that_fails_when_all_is_written_holds(
    shelving: Shelving, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = opened(shelving, model)
    add(shelving, model, Picture(500, tuple(range(1, 17))))

    def of_files(path: Path) -> None:
        if path.is_dir() and (path / "current.json").exists():
            no_space()

    with monkeypatch.context() as context:
        context.setattr("backend.gallery.state.make_durable", of_files)
        with pytest.raises(OSError, match="no space left"):
            gallery.follow()
    written = files(shelving)
    assert gallery.follow()
    assert ids(gallery) == {*range(1, 201), 500}
    assert files(shelving) == written


def test_on_a_full_disk_who_is_patient_begins_with_what_there_is(
    shelving: Shelving, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened_patiently() -> Gallery:
        return open_gallery(shelving.engine, model, SIZE, shelving.folder, threads=1, patient=True)

    begun: set[int] = set()
    for now in (set(range(1, 201)), {*range(1, 201), 500}):
        if begun:
            add(shelving, model, Picture(500, tuple(range(1, 17))))
        with monkeypatch.context() as context:
            context.setattr(np, "save", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
            with pytest.raises(OSError, match="no space left"):
                opened(shelving, model)
            gallery = opened_patiently()
            assert ids(gallery) == begun
        assert gallery.follow()
        assert ids(gallery) == now
        begun = now


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


def test_where_nothing_can_be_written_each_process_has_an_index_of_its_own(
    shelving: Shelving, model: RegisteredModel, caplog: pytest.LogCaptureFixture
) -> None:
    shelving.folder.write_text("a file, where the folder should be")
    assert ids(opened(shelving, model)) == set(range(1, 201))
    assert "no index can be kept at" in caplog.text


def without_locks(monkeypatch: pytest.MonkeyPatch, folder: Path, *, may_try: bool = False) -> None:
    """As some network's disks are; with `may_try`, a lock for which nobody waits can be had."""
    flock = fcntl.flock

    def locked(file: TextIO | int, operation: int) -> None:
        inside = not isinstance(file, int) and Path(file.name).is_relative_to(folder)
        if inside and not (may_try and operation & fcntl.LOCK_NB):
            raise OSError(errno.ENOLCK, "no locks available")
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", locked)


def test_who_is_patient_begins_without_a_lock_that_cannot_be_had_now(
    shelving: Shelving, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(shelving, model)
    without_locks(monkeypatch, shelving.folder, may_try=True)
    with pytest.raises(OSError, match="no locks available"):
        opened(shelving, model)
    gallery = open_gallery(shelving.engine, model, SIZE, shelving.folder, threads=1, patient=True)
    assert gallery.follow()
    assert ids(gallery) == set(range(1, 201))


LOCKLESS: dict[str, Callable[[Path], object]] = {
    "a lock that nobody can open": lambda lock: lock.mkdir(),
    "a disk without locks": lambda _: None,
}


@pytest.mark.parametrize("patient", [False, True])
@pytest.mark.parametrize("name", LOCKLESS)
def test_where_nothing_can_be_locked_each_process_has_an_index_of_its_own(
    shelving: Shelving,
    model: RegisteredModel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    patient: bool,
) -> None:
    folder = shelving.folder / model.version
    folder.mkdir(parents=True)
    LOCKLESS[name](folder / "lock")
    without_locks(monkeypatch, shelving.folder)
    gallery = open_gallery(shelving.engine, model, SIZE, shelving.folder, threads=1, patient=patient)
    assert ids(gallery) == set(range(1, 201))
    assert "no index can be kept at" in caplog.text
    change(shelving, 7, label="dog")
    assert gallery.follow()
    assert ids(gallery, Among(label="dog")) == {7}
    assert not list(folder.rglob("codes.npy"))


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
