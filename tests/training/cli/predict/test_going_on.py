"""The same command once more: what holds good is kept, what does not is asked about again."""

import csv
import json
import os
from pathlib import Path

import pytest

from tests.drawing import picture
from tests.object_store import Bucket
from tests.training.cli.conftest import Menagerie
from tests.training.cli.predict.conftest import answer, answers
from training.answer_rows import EARLIER_COLUMNS


@pytest.fixture
def readable(folder: Path) -> Path:
    """Fifteen pictures."""
    for name in ("cut.jpg", "words.jpg"):
        (folder / "red" / name).unlink()
    return folder


def test_it_goes_on_where_it_was_broken_off(
    menagerie: Menagerie, readable: Path, out: Path, tmp_path: Path
) -> None:
    whole = tmp_path / f"whole{out.suffix}"
    menagerie("predict", readable, "--out", whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:7]) + lines[7][:20])
    ran = menagerie("predict", readable, "--out", out)
    assert f"{6 if out.suffix == '.csv' else 7} pictures answered in {out} already" in ran.out
    assert out.read_bytes() == whole.read_bytes()


def test_where_nothing_is_left_that_is_said_and_no_bar_is_shown(
    menagerie: Menagerie, readable: Path, out: Path
) -> None:
    menagerie("predict", readable, "--out", out)
    before = out.read_bytes()
    ran = menagerie("predict", readable, "--out", out)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"15 pictures answered in {out} already: nothing is left to do\n"
    assert out.read_bytes() == before


def test_what_could_not_be_read_is_tried_again(menagerie: Menagerie, folder: Path, out: Path) -> None:
    cut, words = folder / "red" / "cut.jpg", folder / "red" / "words.jpg"
    menagerie("predict", folder, "--out", out)
    assert answer(out, cut)["error"] == "truncated_image"
    cut.write_bytes(picture("red"))
    ran = menagerie("predict", folder, "--out", out)
    assert f"15 pictures answered in {out} already" in ran.out
    assert "2 pictures asked again: not readable last time" in ran.out
    assert len(answers(out)) == 17
    assert (answer(out, cut)["label"], answer(out, cut).get("error") or "") == ("red", "")
    assert answer(out, words)["error"] == "unsupported_format"


@pytest.mark.parametrize("format", ["BMP", "JPEG"])  # of the first, all pictures have the same size
def test_a_picture_whose_file_was_replaced_is_asked_about_again(
    menagerie: Menagerie, readable: Path, out: Path, format: str
) -> None:
    changing, written = readable / "red" / f"changing.{format.lower()}", 1_700_000_000_123_456_000
    changing.write_bytes(picture("red", format=format))
    os.utime(changing, ns=(written, written))
    menagerie("predict", readable, "--out", out)
    assert answer(out, changing)["modified"] == "2023-11-14T22:13:20.123456+00:00"
    changing.write_bytes(picture("blue", format=format))
    moment = written + (1000 if format == "BMP" else 0)
    os.utime(changing, ns=(moment, moment))
    ran = menagerie("predict", readable, "--out", out)
    assert f"15 pictures answered in {out} already\n1 picture asked again: replaced since" in ran.out
    assert len(answers(out)) == 16
    assert answer(out, changing)["label"] == "blue"


def test_pictures_in_a_store_are_known_again_by_what_its_listing_tells(
    menagerie: Menagerie, out: Path, bucket: Bucket, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"file_path,label\n{bucket.url}/in/red.bmp,\n{bucket.url}/in/blue.bmp,\n")
    for colour in ("red", "blue"):
        bucket.put(f"in/{colour}.bmp", picture(colour, format="BMP"))
    menagerie("predict", table, "--out", out)
    assert "nothing is left to do" in menagerie("predict", table, "--out", out).out
    bucket.put("in/red.bmp", picture("green", format="BMP"))  # within a second, and of the same size
    assert "1 picture asked again: replaced since" in menagerie("predict", table, "--out", out).out
    assert [row["label"] for row in answers(out)] == ["blue", "green"]


def test_answers_about_other_pictures_stay_as_they_are(menagerie: Menagerie, folder: Path, out: Path) -> None:
    menagerie("predict", folder / "red", "--out", out)
    before = answers(out)
    ran = menagerie("predict", folder / "blue", "--out", out)
    assert "already" not in ran.out
    assert answers(out)[:7] == before
    assert len(answers(out)) == 12


def test_an_answer_outlives_its_file(menagerie: Menagerie, readable: Path, out: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("file_path,label\ncolours/red/0.jpg,\ncolours/red/1.jpg,\ncolours/red/none.jpg,\n")
    menagerie("predict", table, "--out", out)
    assert answer(out, readable / "red" / "none.jpg")["bytes"] in ("", None)
    (readable / "red" / "0.jpg").unlink()
    assert "1 picture asked again: not readable last time" in menagerie("predict", table, "--out", out).out
    assert answer(out, readable / "red" / "0.jpg")["label"] == "red"


def test_rows_are_taken_out_of_the_file_that_a_link_leads_to_and_its_permissions_stay(
    menagerie: Menagerie, folder: Path, out: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept" / f"real{out.suffix}"
    kept.parent.mkdir()
    kept.touch(0o600)
    out.symlink_to(kept)
    for _ in range(2):
        menagerie("predict", folder, "--out", out)
    assert out.is_symlink()
    assert len(answers(kept)) == 17
    assert kept.stat().st_mode & 0o777 == 0o600
    assert list(kept.parent.iterdir()) == [kept]


def test_answers_of_an_earlier_version_are_told_apart_from_what_was_never_ours(
    menagerie: Menagerie, readable: Path, out: Path
) -> None:
    menagerie("predict", readable, "--out", out)
    earlier = [{column: row.get(column) for column in EARLIER_COLUMNS} for row in answers(out)]
    with out.open("w", encoding="utf-8", newline="") as file:
        if out.suffix == ".csv":
            table = csv.DictWriter(file, EARLIER_COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(earlier)
        else:
            file.writelines(f"{json.dumps(row)}\n" for row in earlier)
    before = out.read_bytes()
    told = menagerie("predict", readable, "--out", out).error
    assert told.startswith(f"{out} holds answers of an earlier version")
    assert "name another file, or delete this one" in told
    assert out.read_bytes() == before
