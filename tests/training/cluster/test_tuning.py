"""`tune --engine ray`: the trials that one machine has."""

import subprocess
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from optuna.trial import FrozenTrial, TrialState

from tests.processes import talking
from tests.training.cli.conftest import Menagerie, command
from tests.training.cli.conftest import pictures as pictures
from tests.training.cli.test_tune import count, trials_of
from tests.training.cli.test_tune import study_folder as study_folder
from tests.training.cluster.conftest import RAY_IS_OLD, Joined, kill
from tests.waiting import wait_until
from training.learning.run import LAST
from training.tuning.plan import STUDIES
from training.tuning.study import ENDED, FIGURES, FOLDER, RECIPE
from training.tuning.trial import TRIALS

pytest.importorskip("ray", reason="Ray is not installed here: make test-cluster")
pytestmark = RAY_IS_OLD

PATIENCE = 300  # seconds: five processes of Ray's and ours import PyTorch first
SEARCH = ("tune", "--arch", "simple_cnn", "--no-retrain")


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_its_trials_are_those_of_one_machine(
    menagerie: Menagerie, cluster: Any, study_folder: Path, bundles: Path
) -> None:
    typed = (*SEARCH, "--epochs", "1", "--trials", "2", "--study")
    ran = menagerie(*typed, "search", "--engine", "ray", "--address", cluster.address)
    assert ran.code == 0, ran.err
    there = trials_of(study_folder)
    study_folder.rename(bundles / STUDIES / "there")
    assert menagerie(*typed, "search").code == 0
    here = trials_of(study_folder)
    assert [trial.params for trial in there] == [trial.params for trial in here]
    for one, other in zip(there, here, strict=True):
        assert one.user_attrs[RECIPE] == other.user_attrs[RECIPE]
        assert one.user_attrs[FIGURES] == pytest.approx(other.user_attrs[FIGURES], rel=1e-4)


def test_a_bug_in_a_trial_ends_the_search_with_its_traceback(cluster: Any, tmp_path: Path) -> None:
    from training.cluster.connection import connected
    from training.cluster.tuning import trials_there

    no_plan: Any = None
    prepared: Any = SimpleNamespace(folder=tmp_path)
    with (
        connected(cluster.address),
        trials_there(no_plan, prepared, jobs=1) as team,
        pytest.raises(AttributeError, match=r"(?s)in _try_one.*'NoneType' object has no attribute"),
    ):
        team.wait(PATIENCE)


def trials_under_way(folder: Path, epochs: int) -> list[FrozenTrial]:
    """Those that would lose so many epochs."""
    with suppress(KeyError, OSError):  # there is no study yet
        running = [trial for trial in trials_of(folder) if trial.state == TrialState.RUNNING]
        return [trial for trial in running if len(trial.intermediate_values) >= epochs]
    return []


def epoch_of(checkpoint: Path) -> int:
    """Read without the weights."""
    return int(torch.load(checkpoint, map_location="cpu", mmap=True, weights_only=True)["epoch"])


def epochs_kept(process: subprocess.Popen[str], folder: Path) -> dict[str, list[int]]:
    """Of each trial the epochs that its checkpoints were of, one after the other, until the process ends."""
    kept: dict[str, list[int]] = defaultdict(list)
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None:
        assert time.monotonic() < deadline, "the search came to no end"
        for checkpoint in (folder / TRIALS).glob(f"*/{LAST}"):
            with suppress(FileNotFoundError):  # the trial has ended meanwhile
                kept[checkpoint.parent.name].append(epoch_of(checkpoint))
        time.sleep(0.1)
    return kept


def test_a_node_that_is_killed_amid_trials_loses_none_and_repeats_one_epoch_at_most(
    environment: dict[str, str], cluster: Any, second_node: Joined, study_folder: Path
) -> None:
    typed = (*SEARCH, "--epochs", "15", "--trials", "3", "--jobs", "2", "--study", "search")
    there = ("--engine", "ray", "--address", cluster.address)
    with second_node() as node, talking(command(*typed, *there), environment) as process:
        wait_until(lambda: len(trials_under_way(study_folder, epochs=3)) == 2, PATIENCE)
        kill(cluster, node)
        kept = epochs_kept(process, study_folder)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "and its trial is tried again" in said
    trials = trials_of(study_folder)
    assert (len(trials), count(trials, *ENDED), count(trials, TrialState.FAIL)) == (4, 3, 1)
    (lost,) = [trial for trial in trials if trial.state == TrialState.FAIL]
    (again,) = [t for t in trials if t.user_attrs[FOLDER] == lost.user_attrs[FOLDER] and t is not lost]
    assert (again.state, again.params) == (TrialState.COMPLETE, lost.params)
    assert max(again.intermediate_values) > max(lost.intermediate_values)
    epochs = kept[lost.user_attrs[FOLDER]]
    assert epochs == sorted(epochs)  # where one begins anew, so do its checkpoints
    assert max(lost.intermediate_values) - 2 <= epochs[0] < epochs[-1]  # they count from 0
    assert list((study_folder / TRIALS).iterdir()) == []
