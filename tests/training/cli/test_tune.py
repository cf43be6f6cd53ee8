"""`tune` as it is typed: searched, stopped, killed, shared, and its best trained."""

import multiprocessing
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest
import yaml
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Engine

from backend.inference.manifest import read_manifest
from tests.training.cli.conftest import Menagerie, command
from tests.training.making import pictures_of
from training.recipe import Recipe
from training.tuning.commands import COMMANDS, commands
from training.tuning.plan import STUDIES
from training.tuning.storage import JOURNAL
from training.tuning.study import ENDED, RECIPE, WORKER
from training.tuning.trial import TRIALS

PATIENCE = 60
QUICK = ("tune", "--arch", "simple_cnn", "--study", "search", "--no-retrain")


@pytest.fixture
def study_folder(menagerie: Menagerie, pictures: Path, bundles: Path) -> Path:
    """Where a search on ingested pictures will be kept."""
    assert menagerie("ingest", pictures).code == 0
    return bundles / STUDIES / "search"


def trials_of(folder: Path) -> list[FrozenTrial]:
    storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    return optuna.load_study(study_name="search", storage=storage).trials


def trials_at_work(folder: Path) -> list[FrozenTrial]:
    """Those that have a recipe: before that, there is nothing to lose."""
    return [trial for trial in trials_of(folder) if RECIPE in trial.user_attrs]


def count(trials: list[FrozenTrial], *states: TrialState) -> int:
    return sum(trial.state in states for trial in trials)


@contextmanager
def searching(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A search in a process of its own, once one trial ended."""
    process = subprocess.Popen(
        command(*arguments),
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert any(line.startswith("trial ") for line in process.stdout)
        yield process
    finally:
        process.kill()
        process.communicate()


def press_ctrl_c_after(folder: Path, ended: int) -> None:
    """Waits for so many trials; then a terminal's Ctrl-C, which reaches this process and its children."""
    while count(trials_of(folder), *ENDED) < ended:
        time.sleep(0.05)
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)


def test_a_search_that_is_killed_and_stopped_loses_no_trial_and_counts_none_twice(
    menagerie: Menagerie, environment: dict[str, str], study_folder: Path
) -> None:
    typed = (*QUICK, "--epochs", "8", "--trials")
    with searching(environment, *typed, "99", "--jobs", "2") as killed:
        while count(trials_at_work(study_folder), TrialState.RUNNING) < 2:
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    end = time.monotonic() + PATIENCE
    while commands(study_folder)[0]:  # its children die with it
        assert time.monotonic() < end
        time.sleep(0.05)
    trials = trials_of(study_folder)
    workers = {str(trial.user_attrs[WORKER])[-2:] for trial in trials_at_work(study_folder)}
    assert workers == {"/0", "/1"}
    broken = [trial.number for trial in trials if trial.state == TrialState.RUNNING]
    assert 1 <= len(broken) <= 2
    ended = count(trials, *ENDED)

    presser = threading.Thread(target=press_ctrl_c_after, args=(study_folder, ended + 1))
    presser.start()
    assert (
        menagerie(*typed, "99").error == "stopped, and nothing is lost; to go on, run the same command again"
    )
    presser.join()
    trials = trials_of(study_folder)
    assert count(trials, TrialState.RUNNING) == 0
    assert {trial.number for trial in trials if trial.state == TrialState.FAIL} >= set(broken)
    ended = count(trials, *ENDED)

    ran = menagerie(*typed, ended + 3)
    assert ran.code == 0, ran.err
    trials = trials_of(study_folder)
    assert count(trials, *ENDED) == ended + 3
    assert count(trials, TrialState.RUNNING, TrialState.WAITING) == 0
    succeeded = [trial.params for trial in trials if trial.state in ENDED]
    for trial in trials:
        if trial.state == TrialState.FAIL and RECIPE in trial.user_attrs:
            assert succeeded.count(trial.params) == 1
    assert list((study_folder / COMMANDS).iterdir()) == list((study_folder / TRIALS).iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_the_best_recipe_is_trained_once_and_can_be_trained_again(
    menagerie: Menagerie, pictures: Path, bundles: Path
) -> None:
    menagerie("ingest", pictures)
    typed = ("tune", "--arch", "simple_cnn", "--epochs", "1", "--trials", "2", "--promote")
    ran = menagerie(*typed)
    assert ran.code == 0, ran.err
    assert "Tuning simple_cnn scratch on colours: 12 train, 3 val" in ran.out
    assert "Trials: 2 finished" in ran.out
    assert "colours-1 is the champion of colours." in ran.out
    (report,) = (bundles.parent / "reports").iterdir()
    assert re.fullmatch(r"colours-tuning-[0-9a-f]{8}", report.name)
    assert sorted(file.name for file in report.iterdir()) == ["best.yaml", "trials.csv", "tune.html"]
    assert "colours-1" in (report / "tune.html").read_text()
    assert len((report / "trials.csv").read_text().splitlines()) == 3
    facts = read_manifest(bundles / "colours-1").training
    recipe = yaml.safe_load((report / "best.yaml").read_text())
    assert {name: facts[name] for name in recipe} == recipe
    assert set(recipe) == set(Recipe.model_fields)
    again = menagerie("train", "--config", report / "best.yaml", "--dry-run").out
    assert yaml.safe_load(again) == recipe
    assert "colours-1 was trained by that recipe already" in menagerie(*typed).out
    assert not (bundles / "colours-2").exists()
    in_vain = menagerie(*typed, "--trials", "99", "--time-limit", "1")
    assert in_vain.code == 0, in_vain.err
    assert "the time is up" in in_vain.err
    assert "waiting" in in_vain.out or "Trials: 2 finished" in in_vain.out


def test_a_space_is_printed_as_it_is_read(menagerie: Menagerie, tmp_path: Path) -> None:
    options = ("--arch", "vgg16", "--strategy", "full", "--epochs", "9", "--seed", "4")
    printed = menagerie("tune", *options, "--dry-run").out
    (tmp_path / "space.yaml").write_text(printed)
    assert menagerie("tune", "--space", tmp_path / "space.yaml", "--dry-run").out == printed
    space = yaml.safe_load(printed)
    assert (space["architectures"], space["strategies"]) == (["vgg16"], ["full"])
    assert space["recipe"] == {"epochs": 9, "patience": 3, "seed": 4}
    other = menagerie("tune", "--space", tmp_path / "space.yaml", "--epochs", "2", "--dry-run").out
    assert yaml.safe_load(other)["recipe"]["epochs"] == 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("--arch resnet", "unknown architecture 'resnet'; there are: "),
        (
            "--arch simple_cnn --strategy probe",
            "strategies=probe in the command line: simple_cnn is trained by",
        ),
        ("--monitor loss", "monitor='loss' in the command line: Input should be 'val_loss'"),
        ("--space absent.yaml", "absent.yaml cannot be read as YAML: "),
        ("--study a/b", "'a/b' cannot name a study"),
        (
            "--jobs 2 --storage sqlite:///trials.db",
            "--storage sqlite:///trials.db with --jobs 2: SQLite lets",
        ),
    ],
)
@pytest.mark.usefixtures("study_folder")
def test_what_cannot_be_searched_is_one_line(menagerie: Menagerie, arguments: str, error: str) -> None:
    assert menagerie("tune", *arguments.split()).error.startswith(error)


@pytest.mark.usefixtures("study_folder")
def test_a_picture_that_changed_ends_a_search_in_one_line(menagerie: Menagerie, engine: Engine) -> None:
    image = next(one for one in pictures_of(engine).values() if one.split == "val")
    Path(image.root_uri, image.uri).write_bytes(b"")
    assert "changed since it was ingested" in menagerie(*QUICK).error
