"""What the splits of a task part, and what accuracy that buys."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.drawing import draw_scene, encode
from tests.training.duplicates.copying import WHOLE
from tests.training.making import image, take_in
from training.dataset import load_dataset
from training.duplicates.audit import audit, crossings
from training.progress import Silent
from training.reporting.audit_page import conclusions
from training.reporting.writing import write_audit
from training.workshop import Workshop


def test_only_groups_in_several_splits_cross() -> None:
    pictures = [
        image(1, "cat", "train", group=1),
        image(2, "dog", "test", group=1),
        image(3, "cat", "train", group=1),
        image(4, "cat", "val", content="same"),
        image(5, "cat", "train", content="same"),
        image(6, "cat", "train", group=6),
        image(7, "cat", "train", group=6),
        image(8, "cat", "test"),
    ]
    first, second = crossings(pictures)
    assert [one.id for one in first.pictures] == [2, 1, 3]
    assert (first.splits, first.labels) == (("test", "train"), ("cat", "dog"))
    assert [one.id for one in second.pictures] == [4, 5]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Scenes of two labels in given splits; 0 to 2 lie in test too, mirrored, under the label of those."""
    folder = tmp_path / "given"
    for number in range(24):
        split = "test" if number % 4 == 3 else "val" if number % 4 == 2 else "train"
        path = folder / split / ("even" if number % 2 == 0 else "odd") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(draw_scene(number), quality=90))
    (folder / "test" / "even").mkdir()
    for number in (0, 4, 8):
        copy = WHOLE["mirrored"](draw_scene(number))
        (folder / "test" / "even" / f"again-{number}.jpg").write_bytes(encode(copy, quality=90))
    return folder


def test_what_copies_buy_is_measured_with_and_without_them(
    engine: Engine, bundles_with_starter: Path, folder: Path, tmp_path: Path
) -> None:
    take_in(engine, folder)
    dataset = load_dataset(engine, "colours")
    found = audit(Workshop(engine, bundles_with_starter, Silent()), dataset, unsure=27)
    assert [[one.file_name for one in crossing.pictures] for crossing in found.crossings] == [
        [f"again-{number}.jpg", f"{number}.jpg"] for number in (0, 4, 8)
    ]
    bought = found.bought
    assert bought is not None
    assert (bought.as_split.total, bought.apart.total) == (9, 6)
    assert (bought.leaked.total, bought.unseen.total) == (3, 3)
    assert bought.as_split.count == bought.apart.count + bought.leaked.count
    assert bought.leaked.count == 3  # their mirror images were learnt by heart, and show nothing of a label
    sentences = conclusions(found)
    assert sentences[0].startswith("3 groups of pictures that show the same, 6 of 27 pictures, lie in more")
    assert "27 pictures were compared by their hashes alone" in sentences[-1]

    written = write_audit(found, tmp_path / "out")
    figures = json.loads(written.figures.read_text())
    assert [one["split"] for one in figures["crossings"][0]] == ["test", "train"]
    assert figures["test_accuracy"]["leaked"]["right"] == 3
    page = written.page.read_text()
    assert page.count("data:image/jpeg") == 6
    assert "menagerie pictures exclude NAME --task colours" in page


def test_splits_that_part_nothing_are_said_to(engine: Engine, bundles: Path, tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / "scenes" / ("even" if number % 2 == 0 else "odd") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(draw_scene(number)))
    take_in(engine, tmp_path / "scenes")
    found = audit(Workshop(engine, bundles, Silent()), load_dataset(engine, "colours"), unsure=0)
    assert (found.crossings, found.bought) == ((), None)
    assert conclusions(found) == ["No picture of colours shows what another split shows; it has 20."]
    assert not list(bundles.parent.glob("bundles/*"))  # nothing had to be embedded for that


def test_where_too_little_is_left_to_learn_from_nothing_is_measured(
    engine: Engine, bundles: Path, folder: Path
) -> None:
    for path in folder.glob("train/even/*.jpg"):
        if path.stem not in ("0", "4", "8"):
            path.unlink()
    (folder / "val" / "even").rename(folder / "val" / "odd")
    take_in(engine, folder)
    found = audit(Workshop(engine, bundles, Silent()), load_dataset(engine, "colours"), unsure=0)
    assert (len(found.crossings), found.bought) == (3, None)
    assert "too little is left to learn from" in conclusions(found)[1]
