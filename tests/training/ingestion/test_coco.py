"""COCO annotations as a source: which picture, which label."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.ingestion.packing import pack_zip
from training.errors import BadSource, NoPictures
from training.ingestion.sources import Source, open_source, open_sources
from training.ingestion.sources.archives import Unpacking

CATEGORIES = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]


def coco(*annotations: dict[str, Any], pictures: tuple[str, ...] = ("1.jpg",)) -> str:
    """`annotations` lack what a test does not care about."""
    images = [{"id": number, "file_name": name, "width": 1} for number, name in enumerate(pictures)]
    completed = [{"id": 1, "image_id": 0, "iscrowd": 0} | annotation for annotation in annotations]
    return json.dumps({"info": {}, "images": images, "annotations": completed, "categories": CATEGORIES})


def write(path: Path, text: str, *pictures: str) -> Path:
    """The annotations, and empty files for the pictures beside them."""
    for name in ("", *pictures):
        (path.parent / name).parent.mkdir(parents=True, exist_ok=True)
    for name in pictures:
        (path.parent / name).touch()
    path.write_text(text, encoding="utf-8")
    return path


def labels(source: Source) -> dict[str, str | None]:
    return {candidate.uri: candidate.label for candidate in source.candidates}


CAT, DOG = {"category_id": 3}, {"category_id": 7}


@pytest.mark.parametrize(
    ("annotations", "label"),
    [
        ((), None),
        ((CAT, CAT), "cat"),
        ((CAT | {"area": 10}, DOG | {"area": 9}), "cat"),
        ((CAT | {"area": 10}, DOG | {"area": 9}, DOG | {"area": 2}), "dog"),
        ((CAT | {"area": 5}, DOG | {"bbox": [0, 0, 2, 3]}), "dog"),
        ((CAT | {"area": 10}, DOG | {"area": 10}), "dog"),
    ],
    ids=["none", "all agree", "largest", "largest in all", "by its box", "as large: the first category"],
)
def test_a_label_is_the_category_with_the_largest_area(
    tmp_path: Path, annotations: tuple[dict[str, Any], ...], label: str | None
) -> None:
    assert labels(open_source(write(tmp_path / "a.json", coco(*annotations), "1.jpg"))) == {"1.jpg": label}


def test_what_cannot_be_told_is_refused_by_its_picture(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"1\.jpg is annotated with cat and dog in .*, and no annotation"):
        open_source(write(tmp_path / "a.json", coco(CAT, DOG), "1.jpg"))


@pytest.mark.parametrize(
    ("file", "picture"),
    [
        ("a.json", "x/1.jpg"),
        ("a.json", "images/x/1.jpg"),
        ("annotations/instances_val2017.json", "../val2017/x/1.jpg"),
        ("annotations/instances_val2017.json", "../images/val2017/x/1.jpg"),
        ("annotations/instances_val2017.json", "../x/1.jpg"),
    ],
)
def test_pictures_are_found_where_data_sets_keep_them(tmp_path: Path, file: str, picture: str) -> None:
    source = open_source(write(tmp_path / file, coco(CAT, pictures=("x/1.jpg",)), picture))
    (candidate,) = source.candidates
    assert candidate.path == (tmp_path / file).parent.joinpath(picture).resolve()
    assert candidate.path == source.root / candidate.uri


def test_a_picture_that_is_nowhere_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=rf"1\.jpg, which .*a\.json lists, lies in none of {tmp_path}, "):
        open_source(write(tmp_path / "a.json", coco(CAT)))


def test_the_folder_of_the_annotations_may_be_a_split(tmp_path: Path) -> None:
    files = [
        write(tmp_path / split / "_annotations.coco.json", coco(CAT), "1.jpg")
        for split in ("train", "valid", "test")
    ]
    splits = [[candidate.split for candidate in source.candidates] for source in open_sources(files)]
    assert splits == [["train"], ["val"], ["test"]]
    assert [c.split for c in open_source(files[0]).candidates] == [None]  # others are carved from it


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "JSON: Invalid JSON"),
        ('{"images": []}', "annotations: Field required"),
        (
            '{"images": [{"id": 1}], "annotations": [], "categories": []}',
            "images.0.file_name",
        ),
    ],
)
def test_another_json_file_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadSource, match=rf"a\.json holds no COCO annotations: {reason}"):
        open_source(write(tmp_path / "a.json", text))


def test_an_unknown_category_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"a\.json has no category 9, which 1\.jpg is annotated with"):
        open_source(write(tmp_path / "a.json", coco({"category_id": 9}), "1.jpg"))


def test_annotations_of_no_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPictures):
        open_source(write(tmp_path / "a.json", coco(pictures=())))


def test_an_archive_with_annotations_for_each_split_is_one_source(
    tmp_path: Path, unpacking: Unpacking
) -> None:
    entries = [
        entry
        for split, label in (("train", CAT), ("valid", DOG))
        for entry in ((f"{split}/_annotations.coco.json", coco(label).encode()), (f"{split}/1.jpg", b"?"))
    ]
    source = open_source(pack_zip(tmp_path / "a.zip", *entries, ("README.txt", b"")), unpacking)
    assert labels(source) == {"train/1.jpg": "cat", "valid/1.jpg": "dog"}
    assert source.given_splits == {"train", "val"}


def test_annotations_in_an_archive_name_nothing_outside(tmp_path: Path, unpacking: Unpacking) -> None:
    (tmp_path / "secret.jpg").touch()
    archive = pack_zip(tmp_path / "a.zip", ("a.json", coco(CAT, pictures=("../../secret.jpg",)).encode()))
    with pytest.raises(BadSource, match=r"a\.json names \.\./\.\./secret\.jpg, which lies outside"):
        open_source(archive, unpacking)
