"""`audit` as it is typed."""

import json
from pathlib import Path

from tests.drawing import draw_scene, encode
from tests.training.cli.conftest import Menagerie


def test_groups_that_the_given_splits_part_are_listed(menagerie: Menagerie, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    for number in range(12):
        split = ("train", "val", "test")[number % 3]
        path = folder / split / ("even" if number % 2 == 0 else "odd") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(draw_scene(number)))
    (folder / "val" / "odd" / "again.jpg").write_bytes(encode(draw_scene(0).resize((120, 90))))
    assert menagerie("ingest", folder).code == 0
    ran = menagerie("audit", "--out", tmp_path / "out")
    assert ran.code == 0, ran
    assert "val: given/val/odd/again.jpg  train: given/train/even/0.jpg" in ran.out
    assert "One group of pictures that show the same, 2 of 13 pictures, lies in more than one" in ran.out
    assert "1 of the groups carry more than one label" in ran.out
    assert "13 pictures were compared by their hashes alone" in ran.out
    assert len(json.loads((tmp_path / "out" / "audit.json").read_text())["crossings"]) == 1


def test_an_empty_library_is_one_line(menagerie: Menagerie) -> None:
    assert menagerie("audit").error == "the library is empty; run: menagerie ingest DIR"
