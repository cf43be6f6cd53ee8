"""A CSV table as a source, and the library written as one."""

import csv
from pathlib import Path

import fsspec
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import library
from tests.drawing import draw_class_folders
from tests.training.making import image, pictures_of, take_in
from training.errors import BadSource, NoPictures
from training.ingestion.sources import open_source
from training.ingestion.sources.tables import is_table, read_table
from training.ingestion.table import COLUMNS, write_table


def table(folder: Path, *lines: str) -> Path:
    path = folder / "pictures.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_rows_say_where_pictures_lie_and_what_they_are(tmp_path: Path) -> None:
    source = open_source(
        table(tmp_path, "file_path,label,split", "a/1.jpg,cat,train", "a/b/2.jpg,dog,valid", "c/3.jpg,,TEST")
    )
    found = {c.uri: (c.label, c.split) for c in source.candidates}
    assert found == {"a/1.jpg": ("cat", "train"), "a/b/2.jpg": ("dog", "val"), "c/3.jpg": (None, "test")}
    assert source.root == tmp_path.resolve()
    assert source.given_splits == {"train", "val", "test"}


def test_the_root_is_what_all_paths_share(tmp_path: Path) -> None:
    source = open_source(table(tmp_path, "file_path,label", "x/y/1.jpg,cat", f"{tmp_path}/x/z/2.jpg,dog"))
    assert source.root == tmp_path.resolve() / "x"
    assert [candidate.uri for candidate in source.candidates] == ["y/1.jpg", "z/2.jpg"]
    assert all(candidate.path == source.root / candidate.uri for candidate in source.candidates)


def test_a_plain_table_may_call_its_column_path(tmp_path: Path) -> None:
    source = open_source(table(tmp_path, "path,label", "a/1.jpg,cat"))
    assert [(c.path, c.label) for c in source.candidates] == [(tmp_path.resolve() / "a" / "1.jpg", "cat")]


def test_a_table_may_name_pictures_at_urls(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    for name in ("cat/1.jpg", "dog/2.jpg", "dog/3.jpg"):
        system.pipe_file(f"/tables/{name}", b"content")
    rows = (
        "memory://tables/cat/1.jpg,cat",
        "memory://tables/dog/2.jpg,dog",
        "memory://tables/dog/gone.jpg,dog",
    )
    source = open_source(table(tmp_path, "path,label", *rows))
    assert str(source.root) == "memory://tables"
    assert [(c.uri, c.label) for c in source.candidates] == [
        ("cat/1.jpg", "cat"),
        ("dog/2.jpg", "dog"),
        ("dog/gone.jpg", "dog"),
    ]
    sizes = [c.path.stat().st_size for c in source.candidates[:2]]
    assert sizes == [7, 7]
    with pytest.raises(FileNotFoundError):
        source.candidates[2].path.stat()


@pytest.mark.parametrize(
    ("other", "reason"),
    [("1.jpg", "in folders and at URLs"), ("memory2://elsewhere/1.jpg", "in several stores")],
)
def test_a_table_whose_pictures_share_no_place_is_refused(tmp_path: Path, other: str, reason: str) -> None:
    with pytest.raises(BadSource, match=rf"pictures\.csv names pictures {reason}"):
        open_source(table(tmp_path, "path,label", "memory://tables/cat/1.jpg,cat", f"{other},cat"))


def test_a_table_that_gives_no_split_to_some_leaves_what_it_gave(tmp_path: Path) -> None:
    source = open_source(table(tmp_path, "file_path,label,split", "1.jpg,cat,train", "2.jpg,cat,"))
    assert [candidate.split for candidate in source.candidates] == ["train", None]


def test_a_table_may_hold_back_no_test_picture(tmp_path: Path) -> None:
    source = open_source(table(tmp_path, "path,label,split", "1.jpg,cat,train", "2.jpg,cat,val"))
    assert [candidate.split for candidate in source.candidates] == ["train", "val"]
    source = open_source(table(tmp_path, "path,label,split", "1.jpg,cat,train", "2.jpg,cat,test"))
    assert [candidate.split for candidate in source.candidates] == [None, "test"]


def test_a_spreadsheets_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    path = tmp_path / "pictures.csv"
    path.write_text("file_path,label\n1.jpg,cat\n", encoding="utf-8-sig")
    assert len(open_source(path).candidates) == 1


def test_a_path_that_stands_twice_is_one_picture_with_its_last_label(tmp_path: Path) -> None:
    source = open_source(table(tmp_path, "file_path,label", "1.jpg,cat", "./1.jpg,dog"))
    assert [(c.uri, c.label) for c in source.candidates] == [("1.jpg", "dog")]


@pytest.mark.parametrize("between", [";", "\t"])
def test_a_spreadsheets_table_may_have_semicolons_or_tabs_between_its_columns(
    tmp_path: Path, between: str
) -> None:
    lines = [between.join(row) for row in (("file_path", "label", "split"), ("a,b/1.jpg", "cat", "val"))]
    (found,) = open_source(table(tmp_path, *lines)).candidates
    assert (found.uri, found.label, found.split) == ("1.jpg", "cat", "val")
    assert found.path == tmp_path.resolve() / "a,b" / "1.jpg"
    assert is_table(tmp_path / "pictures.csv")


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_an_empty_table_is_called_empty(tmp_path: Path, content: str) -> None:
    (tmp_path / "pictures.csv").write_text(content, encoding="utf-8")
    with pytest.raises(BadSource, match=r"pictures\.csv is empty: expected the columns file_path,label"):
        open_source(tmp_path / "pictures.csv")


@pytest.mark.parametrize(
    ("header", "lacking"),
    [("label,width", "file_path"), ("file_path,width", "label"), ("width", "file_path, label")],
)
def test_a_table_that_lacks_a_column_is_refused_by_name(tmp_path: Path, header: str, lacking: str) -> None:
    with pytest.raises(
        BadSource, match=rf"pictures\.csv lacks the column {lacking}; it has: {header.replace(',', ', ')}$"
    ):
        open_source(table(tmp_path, header, "1,2,3"))


def test_an_unknown_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"unknown split 'holdout' in .*pictures\.csv"):
        open_source(table(tmp_path, "file_path,label,split", "1.jpg,cat,holdout"))


@pytest.mark.parametrize("rows", [(), (",",)])
def test_a_table_without_a_picture_is_refused(tmp_path: Path, rows: tuple[str, ...]) -> None:
    with pytest.raises(NoPictures):
        open_source(table(tmp_path, "file_path,label", *rows))


def test_a_row_says_all_that_people_ask_of_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert write_table([image(1, "cat", "val"), image(2, None)], out) == 2
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0] == {
        "filename": "1.jpg",
        "file_path": "/drawn/cat/1.jpg",
        "bytes_size": "1000",
        "resolution": "48x32",
        "aspect_ratio": "1.5000",
        "type": "JPEG",
        "label": "cat",
        "split": "val",
    }
    assert (rows[1]["label"], rows[1]["split"]) == ("", "")


def test_a_library_written_as_a_table_comes_back_the_same(engine: Engine, tmp_path: Path) -> None:
    pictures = draw_class_folders(tmp_path / "pictures", per_label=3)
    (pictures / "red" / "with, comma and “quotes”.jpg").write_bytes((pictures / "red" / "0.jpg").read_bytes())
    take_in(engine, pictures)
    out = tmp_path / "elsewhere" / "library.csv"
    out.parent.mkdir()
    with Session(engine) as session:
        assert write_table(library.root_images(session, "colours"), out) == 10
    take_in(engine, out, "again")
    first, second = pictures_of(engine, "colours"), pictures_of(engine, "again")
    assert {(i.uri, i.label, i.sha256, i.root_uri) for i in first.values()} == {
        (i.uri, i.label, i.sha256, i.root_uri) for i in second.values()
    }


def test_a_label_without_a_path_is_told_of_and_a_blank_row_is_not(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("file_path,label\n1.jpg,cat\n,\n,dog\n")
    with pytest.raises(BadSource, match=r"table.csv, line 4: there is a label and no file_path"):
        read_table(table)
    table.write_text("file_path,label\n1.jpg,cat\n,\n")
    assert len(read_table(table)) == 1
