"""Copying to a store: each content once, whole or not at all, and used from there."""

import hashlib
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from databases.errors import RootConflict
from tests.drawing import draw_class_folders, picture
from tests.object_store import Bucket
from tests.training.making import PLAN, pictures_of
from training.errors import BadSource
from training.ingestion.run import IngestReport, ingest
from training.ingestion.sources import open_source
from training.ingestion.store import Store, open_store
from training.progress import Silent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures a colour, one file that is none, and a copy of a red picture among the green."""
    folder = draw_class_folders(tmp_path / "pictures", per_label=4, labels=("red", "green"))
    (folder / "green" / "copy.jpeg").write_bytes((folder / "red" / "0.jpg").read_bytes())
    (folder / "green" / "cut.jpg").write_bytes(picture("red", 9)[:-200])
    return folder


def take_in(engine: Engine, folder: Path, store: Store, name: str = "colours") -> IngestReport:
    return ingest(
        engine, open_source(folder), name=name, task=name, plan=PLAN, progress=Silent(), store=store
    )


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_each_content_is_copied_once_and_used_from_there(
    engine: Engine, folder: Path, tmp_path: Path
) -> None:
    report = take_in(engine, folder, open_store(str(tmp_path / "store")))
    assert (report.added, report.pictures, report.redundant.copies, len(report.refused)) == (10, 9, 1, 1)
    stored = files(tmp_path / "store")
    assert len(stored) == 8
    for name, data in stored.items():
        sha256 = hashlib.sha256(data).hexdigest()
        assert name == f"{sha256[:2]}/{sha256[2:4]}/{sha256}.jpg"
    shutil.rmtree(folder)
    found = pictures_of(engine)
    assert {image.label for image in found.values()} == {"red", "green"}
    assert found["green/copy.jpeg"].place == found["red/0.jpg"].place
    for image in found.values():
        assert hashlib.sha256(image.place.read_bytes()).hexdigest() == image.sha256


def test_what_is_there_is_not_written_again(engine: Engine, folder: Path, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    take_in(engine, folder, store)
    before = {path: path.stat().st_ino for path in (tmp_path / "store").rglob("*.jpg")}
    assert take_in(engine, folder, store).unchanged == 10
    (folder / "red" / "new.jpg").write_bytes(picture("red", 50))
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    take_in(engine, other, store, name="others")
    after = {path: path.stat().st_ino for path in (tmp_path / "store").rglob("*.jpg")}
    assert {path: after[path] for path in before} == before
    assert len(after) == len(before) + 1


def test_a_copy_that_was_broken_off_is_made_again(engine: Engine, folder: Path, tmp_path: Path) -> None:
    data = (folder / "red" / "0.jpg").read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    half = tmp_path / "store" / sha256[:2] / sha256[2:4] / f"{sha256}.jpg"
    half.parent.mkdir(parents=True)
    half.write_bytes(data[:100])
    take_in(engine, folder, open_store(str(tmp_path / "store")))
    assert half.read_bytes() == data


def test_a_store_may_be_a_bucket(engine: Engine, folder: Path, bucket: Bucket) -> None:
    take_in(engine, folder, open_store(f"{bucket.url}/store"))
    keys = bucket.names()
    assert len(keys) == 8
    shutil.rmtree(folder)
    for image in pictures_of(engine).values():
        assert image.place.read_bytes() == bucket.get(
            f"store/{image.sha256[:2]}/{image.sha256[2:4]}/{image.sha256}.jpg"
        )


def test_a_store_tells_sources_of_one_name_apart(engine: Engine, folder: Path, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    take_in(engine, folder, store)
    with pytest.raises(RootConflict, match="'colours' is taken"):
        take_in(engine, draw_class_folders(tmp_path / "others", per_label=1), store)
    with pytest.raises(RootConflict, match="'colours' is taken"):
        ingest(engine, open_source(folder), name="colours", task="colours", plan=PLAN, progress=Silent())


def test_a_full_or_forbidden_store_stops_the_ingest_and_writes_no_row(
    engine: Engine, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()
    for byte in range(256):
        (tmp_path / "store" / f"{byte:02x}").touch()  # in the way of every folder
    with pytest.raises(OSError, match="store"):
        take_in(engine, folder, open_store(str(tmp_path / "store")))
    assert pictures_of(engine) == {}


@pytest.mark.parametrize("named", ["http://localhost/store", "sftp://host/store"])
def test_what_shows_half_written_files_is_no_store(named: str) -> None:
    with pytest.raises(BadSource, match="is no object store"):
        open_store(named)


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSource, match="is no folder to copy to"):
        open_store(str(tmp_path / "file"))
