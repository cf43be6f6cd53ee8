"""What is found in real pictures whose faults were seen by eye."""

import json
from pathlib import Path

import pytest

from bench.trials import Place

pytestmark = pytest.mark.real_pictures


def test_the_cars_among_the_jaguars_are_the_labels_to_doubt(real_pictures: Path, tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.menagerie("ingest", str(real_pictures / "big-cats"))
    place.menagerie("check", "--out", str(tmp_path / "out"))
    found = json.loads((tmp_path / "out" / "check.json").read_text())["found"]
    first = found["suspect"][:20]
    cars = [one for one in first if one["label"] == "jaguar" and one["better_label"] is None]
    assert len(cars) >= 8
    # The 30 that the gate takes for no animals were looked at: every one is a car.
    assert {one["label"] for one in found["not_an_animal"]} == {"jaguar"}
