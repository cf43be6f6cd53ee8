"""`train` as it is typed."""

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.training.cli.conftest import Menagerie

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers",
    "ignore:.*smaller than the logging interval",
    "ignore:.*LeafSpec:FutureWarning",
)


def test_a_network_is_trained_and_promoted(menagerie: Menagerie, pictures: Path) -> None:
    menagerie("ingest", pictures)
    out = menagerie("train", "--arch", "simple_cnn", "--epochs", "1", "--promote").out
    assert "Training simple_cnn (scratch) on colours: 12 train, 3 val, 3 test" in out
    assert "right on 3 test pictures" in out
    assert "nothing is known" not in out
    assert "colours-1 is the champion of colours." in out
    assert "The gallery of colours-1 is complete (18 pictures added)." in out


def test_a_candidate_is_held_beside_the_champion_at_once(
    menagerie: Menagerie, pictures: Path, bundles: Path
) -> None:
    menagerie("ingest", pictures)
    train = ("train", "--arch", "simple_cnn", "--epochs", "1")
    first = menagerie(*train, "--promote").out
    assert "neither learnt from" not in first
    told = menagerie(*train, "--seed", "1").out
    found = re.search(
        r"Of 3 test pictures that neither learnt from, it is right on (\d), the champion colours-1 on (\d)\. "
        r"(Both are right and wrong on the same|Only colours-1 is right on)",
        " ".join(told.split()),
    )
    assert found
    assert ("To let it serve: " in told) == (found[1] >= found[2])
    assert ("The champion colours-1 did better" in told) == (found[1] < found[2])
    shutil.rmtree(bundles / "colours-1")
    gone = menagerie(*train, "--seed", "2")
    assert gone.code == 0
    assert "colours-3: " in gone.out
    assert "not held beside the champion" not in gone.out  # what it said is known from before


def test_without_test_pictures_nobody_knows_how_good_it_is(menagerie: Menagerie, pictures: Path) -> None:
    menagerie("ingest", pictures, "--val", "0.3", "--test", "0")
    out = menagerie("train", "--arch", "simple_cnn", "--epochs", "1").out
    assert "no test pictures, so nobody knows how good it is" in out
    assert "To let it serve: menagerie models promote colours-1" in out


def test_labels_that_no_figure_tells_anything_of_are_named(
    menagerie: Menagerie, pictures: Path, tmp_path: Path
) -> None:
    for split in ("train", "val", "test"):
        shutil.copytree(pictures, tmp_path / "parted" / split)
    for split in ("val", "test"):
        shutil.rmtree(tmp_path / "parted" / split / "green")
    menagerie("ingest", tmp_path / "parted", "--task", "colours")
    out = menagerie("train", "--arch", "simple_cnn", "--epochs", "1").out
    assert "No val or test picture is of green: nothing is known of how well it tells them" in out


def test_a_learning_rate_is_looked_for_on_request(
    menagerie: Menagerie, pictures: Path, tmp_path: Path
) -> None:
    asked = ("train", "--arch", "simple_cnn", "--epochs", "1", "--find-lr")
    config = tmp_path / "run.yaml"
    config.write_text(menagerie(*asked, "--dry-run").out)
    assert "find_lr: true" in config.read_text()
    menagerie("ingest", pictures)
    told = menagerie("train", "--config", config, "--time-limit", "600")
    assert re.search(r"learning rate [\d.e-]+.*: tried 1e-06 to .* steps on train pictures", told.err)
    assert "'probe' has none: say --strategy finetune" in menagerie("train", "--find-lr").error
    assert "leave one of them out" in menagerie(*asked, "--lr", "0.1").error


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ("", "null"),
        ("--preset balanced", "288"),
        ("--preset best --size 240", "240"),
        ("--preset balanced --arch timm:resnet18 --strategy full", "null"),  # it sees one size
        ("--arch resnet18 --size 256", "256"),
    ],
)
def test_presets_see_larger_pictures_where_the_network_can(
    menagerie: Menagerie, arguments: str, size: str
) -> None:
    assert f"\nsize: {size}\n" in menagerie("train", "--dry-run", *arguments.split()).out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--epochs 3", "--epochs is of the epochs, and 'probe' has none: say --strategy finetune"),
        ("--preset quick --class-weights balanced", "--class-weights is of the epochs, and 'probe' has none"),
        ("--time-limit 60", "--time-limit is of the epochs, and 'probe' has none"),
        ("--device cuda", "--device cuda is of the epochs, and 'probe' has none: it runs on the CPU"),
        ("--arch simple_cnn --block-decay 0.5", "--block-decay is of finetune and full, not of 'scratch'"),
        ("--arch simple_cnn --schedule plateau --warmup 0.3", "--warmup is of the other schedules, not of"),
        ("--arch clip:some --mixup 0.2", "--mixup is of the epochs, and 'zero-shot' has none"),
        ("--arch simple_cnn --unfreeze 3", "--unfreeze is of finetune, not of 'scratch'"),
        ("--strategy finetune --lr inf", "--learning-rate inf: Input should be a finite number"),
        ("--arch timm:", "timm: wants a name behind it"),
        ("--arch resnet18 --weights /nowhere.pt", "there is no file or folder of weights at /nowhere.pt"),
    ],
)
def test_options_that_would_change_nothing_or_everything_are_refused(
    menagerie: Menagerie, arguments: str, told: str
) -> None:
    assert told in menagerie("train", "--dry-run", *arguments.split()).error


@pytest.mark.parametrize(
    ("typed", "weights"),
    [
        ("cat=2,dog=0.5", {"cat": 2.0, "dog": 0.5}),
        ("cat, tabby=2, dog=1", {"cat, tabby": 2.0, "dog": 1.0}),
        ("a=b=3,=x=1", {"a=b": 3.0, "=x": 1.0}),
    ],
)
def test_weights_are_given_to_labels_of_any_name(
    menagerie: Menagerie, typed: str, weights: dict[str, float]
) -> None:
    out = menagerie("train", "--dry-run", "--arch", "simple_cnn", "--class-weights", typed).out
    assert yaml.safe_load(out)["class_weights"] == weights


@pytest.mark.parametrize(
    "arguments", ["--preset quick --time-limit 60", "--device cpu", "--strategy full --backbone-rate 1"]
)
def test_options_that_hold_are_taken(menagerie: Menagerie, arguments: str) -> None:
    assert "strategy:" in menagerie("train", "--dry-run", *arguments.split()).out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--task owls", "task 'owls' has no labelled picture; the library has: colours"),
        ("--arch timm:resnet81", "timm knows no network 'resnet81'; close to it: resnet"),
        ("--arch timm:resnet18 --strategy scratch --class-weights owl=2", "class weights name 'owl'; the "),
        ("--arch timm:densenet264d", "timm has no pretrained weights of 'densenet264d'; say --strategy"),
        ("--resume", "--resume goes on by its own recipe: leave the other options out"),
        pytest.param(
            "--arch simple_cnn --device mps",
            "--device mps: PyTorch finds no such device here; say --device cpu, or auto",
            marks=pytest.mark.skipif(sys.platform == "darwin", reason="there may be such a device"),
        ),
    ],
)
def test_a_dry_run_refuses_what_a_training_would_at_once(
    menagerie: Menagerie, pictures: Path, arguments: str, told: str
) -> None:
    menagerie("ingest", pictures)
    error = menagerie("train", "--dry-run", *arguments.split()).error
    assert error.startswith(told)
    if arguments != "--resume":
        trained = menagerie("train", *arguments.split())
        assert trained.error == error
        assert "epoch" not in trained.err
    assert menagerie("train", "--dry-run").code == 0


def test_a_dry_run_in_an_empty_library_shows_the_recipe_and_makes_no_database(
    menagerie: Menagerie, tmp_path: Path
) -> None:
    for options in ((), ("--task", "owls")):
        ran = menagerie("train", "--dry-run", *options)
        assert ran.out.startswith("architecture: efficientnet_lite0\n")
        assert list(tmp_path.iterdir()) == []
        assert menagerie("train", *options).error == ran.error
        shutil.rmtree(tmp_path / "state")


def test_a_saved_recipe_says_more_than_a_probe_needs(menagerie: Menagerie, tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(menagerie("train", "--dry-run").out)
    assert "epochs: 40" in config.read_text()
    assert menagerie("train", "--dry-run", "--config", config, "--seed", "3").out.endswith("int8: false\n")


def test_one_label_alone_is_no_task_to_train(menagerie: Menagerie, pictures: Path, tmp_path: Path) -> None:
    shutil.copytree(pictures / "green", tmp_path / "one" / "green")
    out = menagerie("ingest", tmp_path / "one").out
    assert "Training needs pictures of two labels or more" in out
    assert "menagerie train" not in out


def test_a_figure_that_is_partly_memory_stands_beside_one_that_is_not(
    menagerie: Menagerie, pictures: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    parted = tmp_path / "parted"
    for split in ("train", "val", "test"):
        shutil.copytree(pictures, parted / split)
    test = sorted((parted / "test").rglob("*.jpg"))
    copies = test[::3]  # of what is learnt from
    for picture in set(test) - set(copies) | set((parted / "val").rglob("*.jpg")):
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(picture)
    told = menagerie("ingest", parted, "--task", "colours").out
    assert re.search(r"6 groups of look-alikes or copies lie in more than one split: .* audit", told)
    beside = "6 of them look like pictures that it learnt from or was chosen by; on the other 12 pictures:"
    train = ("train", "--arch", "simple_cnn", "--epochs", "1")
    for command in (train, ("evaluate", "colours-1", "--no-report")):
        assert beside in " ".join(menagerie(*command).out.split())
