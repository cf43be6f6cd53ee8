"""Pictures and options that nothing can be made of: one sentence that says why, and nothing is left."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import registry
from tests.drawing import draw_class_folders, picture
from tests.training.cli.conftest import Menagerie

SCRATCH = "train --arch simple_cnn --epochs 1"


def colours(folder: Path) -> None:
    draw_class_folders(folder, per_label=6)


def one_label(folder: Path) -> None:
    draw_class_folders(folder, 6, labels=("red",))


def no_label(folder: Path) -> None:
    folder.mkdir()
    (folder / "lone.jpg").write_bytes(picture("red"))


def one_picture_of_a_label(folder: Path) -> None:
    draw_class_folders(folder, 8, labels=("red", "blue"))
    draw_class_folders(folder, 1, labels=("green",))


def copies_of_one_picture_of_a_label(folder: Path) -> None:
    one_picture_of_a_label(folder)
    (folder / "green" / "copy.jpg").write_bytes((folder / "green" / "0.jpg").read_bytes())


def labels_that_differ_in_case(folder: Path) -> None:
    for label, colour in (("Cat", "red"), ("cat", "blue")):
        (folder / label).mkdir(parents=True)
        for number in range(6):
            (folder / label / f"{number}.jpg").write_bytes(picture(colour, number))


def nothing_readable(folder: Path) -> None:
    for label in ("red", "blue"):
        (folder / label).mkdir(parents=True)
        (folder / label / "cut.jpg").write_bytes(picture(label)[:-200])
        (folder / label / "empty.jpg").touch()


def splits(folder: Path, *names: str) -> None:
    for position, name in enumerate(names):
        draw_class_folders(folder / name, 4, first=4 * position)


def empty(split: str) -> Callable[[Path], None]:
    """The split's folder is there, and nothing is in it."""

    def lay_out(folder: Path) -> None:
        splits(folder, *({"train", "val", "test"} - {split}))
        (folder / split).mkdir()

    return lay_out


def classes_without_pictures(folder: Path) -> None:
    splits(folder, "train", "val")
    (folder / "test" / "red").mkdir(parents=True)


def only_held_back(folder: Path) -> None:
    splits(folder, "val", "test")


def val_unreadable(folder: Path) -> None:
    splits(folder, "train", "val", "test")
    for path in (folder / "val").rglob("*.jpg"):
        path.write_bytes(b"")


CASES = [
    (one_label, SCRATCH, "task 'bad' has one label, 'red'; training needs two folders of pictures or more"),
    (no_label, "ingest", "nothing says what the pictures in FOLDER show: put them into one folder a label"),
    (
        one_picture_of_a_label,
        SCRATCH,
        "label 'green' has fewer than two different pictures to learn from: add",
    ),
    (
        one_picture_of_a_label,
        "train",
        "label 'green' has fewer than two different pictures to learn from: add",
    ),
    (copies_of_one_picture_of_a_label, SCRATCH, "label 'green' has fewer than two different pictures"),
    (labels_that_differ_in_case, SCRATCH, "the labels 'Cat' and 'cat' of task 'bad' read alike: give their"),
    (nothing_readable, "ingest", "none of the files in FOLDER can be used"),
    (nothing_readable, SCRATCH, "the library is empty; run: menagerie ingest DIR"),
    (empty("train"), "ingest", "no picture in FOLDER/train: put some there, or take that folder away"),
    (empty("val"), "ingest", "no picture in FOLDER/val: put some there, or take that folder away, and its"),
    (empty("test"), "ingest", "no picture in FOLDER/test: put some there, or take that folder away, and its"),
    (
        classes_without_pictures,
        "ingest",
        "no picture in FOLDER/test: put some there, or take that folder away",
    ),
    (
        only_held_back,
        "ingest",
        "FOLDER holds test and val but no train folder: add one, or name the folder of",
    ),
    (val_unreadable, SCRATCH, "task 'bad' has no usable picture in its val split: give it 5 a label or more"),
    (colours, "train --weights absent.pth", "there is no file or folder of weights at "),
    (colours, "train --strategy finetune --weights absent.pth", "there is no file or folder of weights at "),
    (colours, "tune --weights absent.pth", "there is no file or folder of weights at "),
    (
        colours,
        f"{SCRATCH} --class-weights owl=2",
        "class weights name 'owl'; the labels are: blue, green, red",
    ),
    (
        colours,
        f"{SCRATCH} --checkpoints nowhere://x",
        "nothing can be kept of the training in nowhere://x (nowhere://x/bad/",
    ),
    (colours, f"{SCRATCH} --checkpoints s3://key:secret@x/y", "s3://...@x/y holds credentials, which would"),
    (colours, f"{SCRATCH} --device tpu", "--device tpu: Input should be 'auto', 'cpu', "),
    *(
        pytest.param(
            colours,
            f"{command} --device mps",
            "--device mps: PyTorch finds no such device here; say --device cpu, or auto",
            marks=pytest.mark.skipif(sys.platform == "darwin", reason="there may be such a device"),
        )
        for command in (SCRATCH, "tune", "tune --arch simple_cnn")
    ),
    (
        colours,
        f"{SCRATCH} --device cpu --precision 16",
        "--precision 16 is of GPUs, and this runs on the CPU: say bf16 or 32",
    ),
]


@pytest.mark.parametrize(("lay_out", "arguments", "error"), CASES)
def test_what_nothing_can_be_made_of_is_one_line_and_leaves_nothing(
    menagerie: Menagerie,
    engine: Engine,
    bundles: Path,
    tmp_path: Path,
    lay_out: Callable[[Path], None],
    arguments: str,
    error: str,
) -> None:
    folder = tmp_path / "bad"
    lay_out(folder)
    ran = menagerie("ingest", folder)
    if arguments != "ingest":
        ran = menagerie(*arguments.split())
    assert ran.error.startswith(error.replace("FOLDER", str(folder)))
    assert leftovers(bundles) == []
    with Session(engine) as session:
        assert registry.versions(session) == set()


@pytest.mark.parametrize("options", ["train", SCRATCH])
def test_bundles_that_cannot_be_written_are_told_before_any_training(
    menagerie: Menagerie, pictures: Path, engine: Engine, environment: dict[str, str], options: str
) -> None:
    menagerie("ingest", pictures)
    for place in (pictures / "red" / "0.jpg", pictures / "red" / "0.jpg" / "bundles"):
        environment["MENAGERIE_BUNDLES"] = str(place)
        ran = menagerie(*options.split())
        assert ran.error.startswith(f"nothing can be written to the folder of bundles, {place} (")
        assert ran.error.endswith("): MENAGERIE_BUNDLES names it")
        assert "epoch" not in ran.err
    with Session(engine) as session:
        assert registry.versions(session) == set()


def leftovers(bundles: Path) -> list[str]:
    return [str(path.relative_to(bundles)) for path in bundles.rglob("*") if path.is_file()]
