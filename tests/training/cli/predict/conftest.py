"""A model that tells colours apart, pictures to ask it about, and its answers as they are read."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.drawing import draw_class_folders, picture
from tests.training.making import add_tiny_bundle


@pytest.fixture(autouse=True)
def champion(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Fifteen pictures, and two files that are none."""
    folder = draw_class_folders(tmp_path / "colours", 5)
    (folder / "red" / "cut.jpg").write_bytes(picture("red")[:300])
    (folder / "red" / "words.jpg").write_text("no picture at all")
    return folder


@pytest.fixture(params=["csv", "jsonl"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where answers are to be written, in either format."""
    return tmp_path / f"answers.{request.param}"


def answers(path: Path) -> list[dict[str, Any]]:
    """All rows, in their order."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if path.suffix == ".csv" else [json.loads(line) for line in file]


def answer(path: Path, picture: Path) -> dict[str, Any]:
    """The only row of a picture."""
    (row,) = [row for row in answers(path) if row["file"] == str(picture)]
    return row
