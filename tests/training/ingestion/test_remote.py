"""Pictures in S3: found, examined and read there, and left alone where they did not change."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from backend.inference.preprocessing import Preprocessing
from tests.drawing import draw_class_folders, picture
from tests.object_store import Bucket
from tests.training.ingestion.packing import pack_zip
from tests.training.making import PLAN, pictures_of
from training.errors import NoPictures
from training.ingestion.run import IngestReport, ingest
from training.ingestion.sources import open_source, open_sources
from training.ingestion.sources.archives import Unpacking
from training.pictures import iter_pixels
from training.progress import Silent
from training.reporting.thumbnails import thumbnail

SPEC = Preprocessing(
    size=4, resize="squash", crop_fraction=1, interpolation="bilinear", mean=(0, 0, 0), std=(1, 1, 1)
)


@pytest.fixture
def filled(bucket: Bucket, tmp_path: Path) -> Bucket:
    """Class folders below the prefix `pets`, with a file that is no picture and one that is damaged."""
    folder = draw_class_folders(tmp_path / "pictures", per_label=5, labels=("red", "green"))
    (folder / "red" / "cut.jpg").write_bytes(picture("red", 90)[:-200])
    (folder / "red" / "notes.txt").write_text("x")
    bucket.put_folder(folder, "pets")
    return bucket


def take_in(engine: Engine, url: str) -> IngestReport:
    return ingest(engine, open_source(url), name="pets", task="pets", plan=PLAN, progress=Silent())


def test_pictures_are_registered_where_they_lie(engine: Engine, filled: Bucket) -> None:
    report = take_in(engine, f"{filled.url}/pets/")
    assert (report.added, report.pictures, report.passed_over) == (11, 10, {".txt": 1})
    assert [(r.uri, r.reason) for r in report.refused] == [("red/cut.jpg", "truncated_image")]
    found = pictures_of(engine, "pets")["red/0.jpg"]
    assert (found.root_uri, found.label, found.width) == (f"{filled.url}/pets", "red", 48)
    assert found.place.read_bytes() == filled.get("pets/red/0.jpg")


def test_an_unchanged_bucket_is_only_listed(engine: Engine, filled: Bucket) -> None:
    take_in(engine, f"{filled.url}/pets")
    before = pictures_of(engine, "pets")
    source = open_source(f"{filled.url}/pets")
    for key in filled.names():  # whoever reads one now finds none
        filled.delete(key)
    report = ingest(engine, source, name="pets", task="pets", plan=PLAN, progress=Silent())
    assert (report.added, report.changed, report.unchanged, report.missing) == (0, 0, 11, 0)
    assert pictures_of(engine, "pets") == before


def test_what_changed_in_a_bucket_is_found_by_its_tag(engine: Engine, filled: Bucket) -> None:
    take_in(engine, f"{filled.url}/pets")
    data = filled.get("pets/red/1.jpg")
    filled.put("pets/red/1.jpg", data.replace(b"JFIF\x00\x01\x01", b"JFIF\x00\x01\x02"))  # of the same size
    filled.delete("pets/red/2.jpg")
    filled.put("pets/red/new.jpg", picture("red", 70))
    report = take_in(engine, f"{filled.url}/pets")
    assert (report.added, report.changed, report.unchanged, report.missing) == (1, 1, 9, 1)


def test_training_and_reports_read_from_a_bucket(engine: Engine, filled: Bucket) -> None:
    take_in(engine, f"{filled.url}/pets")
    images = list(pictures_of(engine, "pets").values())
    (pixels,) = iter_pixels(images, SPEC)
    colours = [["red", "green", "blue"][int(np.argmax(one.mean(axis=(0, 1))))] for one in pixels]
    assert colours == [image.label for image in images]
    shown = thumbnail(images[0].place)
    assert shown is not None
    assert shown.address.startswith("data:image/jpeg;base64,")


def test_tables_annotations_and_archives_are_read_from_a_bucket(
    filled: Bucket, tmp_path: Path, unpacking: Unpacking
) -> None:
    filled.put("pets/labels.csv", b"path,label\nred/0.jpg,scarlet\n./green/../green/1.jpg,lime\n")
    filled.put(
        "pets/a.json",
        b'{"images": [{"id": 1, "file_name": "red/3.jpg"}], "categories": [{"id": 1, "name": "ruby"}],'
        b' "annotations": [{"image_id": 1, "category_id": 1}]}',
    )
    filled.put("more.zip", pack_zip(tmp_path / "more.zip", ("blue/1.jpg", picture("blue"))).read_bytes())
    names = [f"{filled.url}/{key}" for key in ("pets/labels.csv", "pets/a.json", "more.zip")]
    sources = open_sources(names, unpacking)
    assert [{c.uri: c.label for c in source.candidates} for source in sources] == [
        {"red/0.jpg": "scarlet", "green/1.jpg": "lime"},
        {"3.jpg": "ruby"},
        {"blue/1.jpg": "blue"},
    ]
    for source in sources:
        assert all(c.path.stat().st_size > 100 and c.path.read_bytes() for c in source.candidates)
    filled.delete("more.zip")
    assert [entry.name for entry in unpacking.folder.iterdir()] == [Path(str(sources[2].root)).name]


def test_an_empty_prefix_is_told(filled: Bucket) -> None:
    with pytest.raises(NoPictures, match=f"no picture in {filled.url}/nothing"):
        open_source(f"{filled.url}/nothing")


def test_split_folders_are_known_in_a_bucket_too(filled: Bucket) -> None:
    for split in ("train", "val", "test"):
        filled.put(f"split/{split}/cat/1.jpg", b"?")
        filled.put(f"split/{split}/.cache/1.jpg", b"?")
    source = open_source(f"{filled.url}/split")
    assert [(c.label, c.split) for c in source.candidates] == [
        ("cat", "test"),
        ("cat", "train"),
        ("cat", "val"),
    ]
