"""`pictures suggest`: what has no label looks like what has one."""

import csv
import shlex
from pathlib import Path

from sqlalchemy import Engine

from tests.drawing import picture
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle, pictures_of


def test_unlabelled_pictures_are_named_by_their_neighbours(
    menagerie: Menagerie, pictures: Path, engine: Engine, tmp_path: Path
) -> None:
    for colour in ("red", "blue"):
        (pictures / colour).rename(pictures / f"it's {colour}")
    menagerie("ingest", pictures, "--duplicates", "hash")
    menagerie("ingest", pictures / "green", "--task", "greens", "--duplicates", "hash")
    model = add_tiny_bundle(engine, tmp_path / "bundles").version
    loose = tmp_path / "loose.csv"
    for colour in ("red", "blue"):
        (tmp_path / f"what-{colour}.jpg").write_bytes(picture(colour, 77))
    loose.write_text("file_path,label\nwhat-red.jpg,\nwhat-blue.jpg,\n")
    menagerie("ingest", loose, "--task", "colours", "--duplicates", "hash")
    out = tmp_path / "suggested.csv"
    told = menagerie("pictures", "suggest", "--model", model, "--csv", out)
    assert told.code == 0, told.err
    assert "2 rows written to" in told.out
    with out.open(newline="") as file:
        rows = {Path(row["file_path"]).name: row for row in csv.DictReader(file)}
    assert {name: row["label"] for name, row in rows.items()} == {
        "what-red.jpg": "it's red",
        "what-blue.jpg": "it's blue",
    }
    assert all(0.5 < float(row["share"]) <= 1 and float(row["nearest"]) > 0.9 for row in rows.values())
    command = shlex.split(told.out.splitlines()[-1].removeprefix("To take one: menagerie "))
    assert menagerie(*command).code == 0
    assert "No picture" not in menagerie("pictures", "suggest", "--model", model).out
    assert (
        "No picture of colours" in menagerie("pictures", "suggest", "--model", model, "--at-least", "1.0").out
    )
    assert {image.label for image in pictures_of(engine).values()} >= {"it's red", "it's blue"}
