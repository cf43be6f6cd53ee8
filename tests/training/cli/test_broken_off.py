"""A training that is killed, stopped, or shared among processes, as it is typed."""

import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.bundle import load_bundle
from backend.inference.manifest import Manifest
from databases import registry
from tests.processes import talking
from tests.training.cli.conftest import Menagerie, command

SCRATCH = ("--arch", "simple_cnn", "--epochs", "8", "--patience", "8", "--device", "cpu")
START = 240


@pytest.fixture
def ingested(menagerie: Menagerie, pictures: Path) -> None:
    assert menagerie("ingest", pictures).code == 0


def after_epochs(process: subprocess.Popen[str], epochs: int) -> None:
    """Returns once so many epochs were told of."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"epoch {epochs} of"):
            return
    raise AssertionError(f"it ended before epoch {epochs}")


def manifests(bundles: Path) -> list[Manifest]:
    return [load_bundle(folder).manifest for folder in sorted(bundles.glob("colours-*"))]


@pytest.mark.usefixtures("ingested")
@pytest.mark.parametrize(
    "options", [(), ("--schedule", "plateau", "--ema", "0.9")], ids=["plain", "averaged"]
)
def test_a_killed_training_goes_on_to_what_an_unbroken_one_comes_to(
    options: tuple[str, ...], menagerie: Menagerie, environment: dict[str, str], bundles: Path
) -> None:
    assert menagerie("train", *SCRATCH, *options).code == 0
    with talking(command("train", *SCRATCH, *options), environment) as killed:
        after_epochs(killed, 3)
        time.sleep(0.02)  # somewhere in the next epoch
        killed.send_signal(signal.SIGKILL)
    assert len(manifests(bundles)) == 1
    resumed = menagerie("train", "--resume")
    assert resumed.code == 0, resumed.err
    told = [int(number) for number in re.findall(r"epoch (\d+) of 8", resumed.err)]
    assert 3 <= told[0] <= 5
    unbroken, whole = manifests(bundles)
    assert whole.training == unbroken.training  # the history of every epoch included
    assert whole.metrics == unbroken.metrics
    assert menagerie("train", "--resume").error.startswith("no unfinished training of 'colours'")
    assert "leave the other options out" in menagerie("train", "--resume", "--epochs", "9").error


@pytest.mark.usefixtures("ingested")
def test_ctrl_c_says_how_to_go_on(environment: dict[str, str], bundles: Path) -> None:
    endless = ("--arch", "simple_cnn", "--epochs", "5000", "--patience", "5000")
    with talking(command("train", *endless), environment) as stopped:
        after_epochs(stopped, 2)
        stopped.send_signal(signal.SIGINT)
        out, _ = stopped.communicate(timeout=START)
    assert stopped.returncode == 1
    assert re.search(r"error: stopped after \d+ epochs; to go on: menagerie train --resume", out)
    assert "Traceback" not in out
    assert manifests(bundles) == []


@pytest.mark.usefixtures("ingested")
def test_two_processes_train_one_model_and_measure_over_both(
    environment: dict[str, str], menagerie: Menagerie, engine: Engine, bundles: Path
) -> None:
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    python, *program = command("train", "--arch", "simple_cnn", "--epochs", "3", "--device", "cpu")
    with talking([python, *launcher, *program], environment) as both:
        out, _ = both.communicate(timeout=2 * START)
    assert both.returncode == 0, out
    with Session(engine) as session:
        assert registry.versions(session) == {"colours-1"}
    (manifest,) = manifests(bundles)
    history = manifest.training["history"]
    assert isinstance(history, list)
    best = history[int(str(manifest.training["best_epoch"])) - 1]
    assert isinstance(best, dict)
    # Three val pictures on two processes: the figures are those of the three, as the bundle itself has them.
    measured = menagerie("evaluate", "colours-1", "--split", "val").out
    accuracy = float(str(best["val_accuracy"]))
    assert f"{accuracy:.1%} right on 3 val pictures" in measured
    assert list((bundles / ".runs" / "colours").iterdir()) == []
