"""Updates that fail: a full disk, a folder that nobody can write, locks that are not to be had."""

import errno
import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest

from backend.gallery.asking import Gallery
from backend.gallery.opening import open_gallery
from databases.nearest import Among
from databases.registry import RegisteredModel
from tests.backend.gallery.keeping.indexing import SIZE, add, change, files, ids, opened
from tests.backend.gallery.shelving import Picture, Shelving


def no_space(*_: object, **__: object) -> None:
    raise OSError("no space left")


STEPS = {
    "the segment": "numpy.save",
    "what went": "numpy.savez",
    "making that durable": "backend.gallery.files.make_durable",
    "the list's draft": "backend.gallery.state.make_durable",
    "the list": "pathlib.Path.replace",
}


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
