"""`ingest` and `index` as they are typed."""

import csv
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.drawing import picture
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle, pictures_of
from training.cli.pictures import slug


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Cats & Dogs", "cats-dogs"), ("animals_10", "animals-10"), ("--x--", "x"), ("Кошки", "pictures")],
)
def test_a_folders_name_becomes_a_plain_task_name(folder: str, name: str) -> None:
    assert slug(folder) == name


def test_an_ingest_tells_what_it_found(menagerie: Menagerie, pictures: Path, engine: Engine) -> None:
    (pictures / "red" / "cut [1].jpg").write_bytes(picture("red")[:-200])
    (pictures / "red" / "copy.jpg").write_bytes((pictures / "red" / "0.jpg").read_bytes())
    (pictures / "notes.txt").touch()
    ran = menagerie("ingest", pictures)
    assert ran.code == 0
    assert "colours: 19 pictures (20 new, 0 changed, 0 as before, 0 gone), 1 exact copies" in ran.out
    assert "Passed over, being no pictures: 1 .txt" in ran.out
    assert "1 files cannot be used:\n  truncated_image: red/cut [1].jpg" in ran.out
    rows = {words[0]: words[1:] for line in ran.out.splitlines() if (words := line.split())}
    assert sum(map(int, rows["blue"])) == 6
    assert sum(map(int, rows["red"])) == 7
    assert len(pictures_of(engine)) == 19
    assert "20 as before" in menagerie("ingest", pictures).out


def test_many_refusals_are_not_all_listed(menagerie: Menagerie, pictures: Path) -> None:
    for number in range(25):
        (pictures / "red" / f"empty-{number}.jpg").touch()
    out = menagerie("ingest", pictures).out
    assert len(re.findall("empty_file: ", out)) == 20
    assert "and 5 more, kept in the database with their reason" in out


def test_the_library_is_written_as_a_table_and_read_back(
    menagerie: Menagerie, pictures: Path, engine: Engine, tmp_path: Path
) -> None:
    out = tmp_path / "table.csv"
    assert f"18 rows written to {out}" in menagerie("ingest", pictures, "--csv", out).out
    with out.open(newline="") as file:
        assert {row["label"] for row in csv.DictReader(file)} == {"red", "green", "blue"}
    assert menagerie("ingest", out, "--task", "again").code == 0
    first, again = pictures_of(engine), pictures_of(engine, "again")
    assert {(i.sha256, i.label) for i in first.values()} == {(i.sha256, i.label) for i in again.values()}
    assert {image.root for image in again.values()} == {"table"}


def test_shares_and_seed_decide_what_is_held_back(
    menagerie: Menagerie, pictures: Path, engine: Engine
) -> None:
    menagerie("ingest", pictures, "--val", "0.5", "--test", "0", "--seed", "3")
    splits = [image.split for image in pictures_of(engine).values()]
    assert (splits.count("train"), splits.count("val"), splits.count("test")) == (9, 9, 0)


def test_pictures_outside_class_folders_stand_in_a_row_without_a_name(
    menagerie: Menagerie, pictures: Path
) -> None:
    (pictures / "lone.jpg").write_bytes(picture("red", 60))
    assert re.search(r"^ *\(none\) +0 +0 +0 +1 *$", menagerie("ingest", pictures).out, re.MULTILINE)


def test_index_embeds_for_the_champion_and_says_how_many(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path
) -> None:
    menagerie("ingest", pictures)
    add_tiny_bundle(engine, bundles, promoted=True)
    assert "The gallery of colours-1 is complete (18 pictures added)." in menagerie("index").out
    assert "(0 pictures added)" in menagerie("index", "--version", "colours-1", "--task", "colours").out
