"""A training that is killed, stopped, or shared among processes, as it is typed."""

import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from backend.inference.bundle import load_bundle
from backend.inference.manifest import Manifest
from databases import registry
from tests.drawing import draw_class_folders
from tests.object_store import Bucket
from tests.opening import open_database
from tests.processes import talking
from tests.training.cli.conftest import Menagerie, command, environment_of
from tests.training.cli.dying import AMID_AN_EPOCH, dying
from tests.training.making import take_in
from training.cli.under_way import say_started_anew, telling_stops
from training.errors import Interrupted
from training.learning.processes import FRESH_STORE, Processes
from training.learning.run import LAST, Run

SCRATCH = ("--arch", "simple_cnn", "--epochs", "8", "--patience", "8", "--device", "cpu")
TOGETHER = ("--arch", "simple_cnn", "--epochs", "10", "--patience", "10", "--device", "cpu")
EPOCHS = list(range(1, 11))
START = 240


@dataclass(frozen=True)
class Together:
    """Where two processes trained."""

    settings: dict[str, str]
    bundles: Path

    @property
    def manifests(self) -> list[Manifest]:
        return manifests(self.bundles)


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
    ("options", "in_store"),
    [((), False), (("--schedule", "plateau", "--ema", "0.9"), True)],
    ids=["plain", "averaged, in a store"],
)
def test_a_killed_training_goes_on_to_what_an_unbroken_one_comes_to(
    options: tuple[str, ...],
    in_store: bool,
    menagerie: Menagerie,
    environment: dict[str, str],
    bundles: Path,
    bucket: Bucket,
) -> None:
    assert menagerie("train", *SCRATCH, *options).code == 0
    if in_store:
        environment["MENAGERIE_CHECKPOINTS"] = f"{bucket.url}/checkpoints"
    with talking(dying(AMID_AN_EPOCH, 4, "train", *SCRATCH, *options), environment) as killed:
        out, _ = killed.communicate(timeout=START)
    assert killed.returncode == -signal.SIGKILL, out
    assert len(manifests(bundles)) == 1
    assert any(name.endswith("last.ckpt") for name in bucket.names()) == in_store
    resumed = menagerie("train", "--resume")
    assert resumed.code == 0, resumed.err
    told = [int(number) for number in re.findall(r"epoch (\d+) of 8:", resumed.err)]
    assert told[0] == 4
    unbroken, whole = manifests(bundles)
    assert whole.training == unbroken.training  # the history of every epoch included
    assert whole.metrics == unbroken.metrics
    assert bucket.names() == []
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


def test_ctrl_c_where_nothing_is_kept_says_so_too() -> None:
    with (
        pytest.raises(Interrupted, match="stopped; the same command begins anew"),
        telling_stops("the same command begins anew"),
    ):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("processes", "epochs", "words"),
    [
        (Processes(job="a"), None, ""),
        (
            Processes(job="a", restarts=2, most_restarts=3),
            4,
            "restart 2 of at most 3. It goes on from",
        ),
        (Processes(job="a", restarts=1, most_restarts=3), 0, "No epoch was finished, so it begins anew"),
        (Processes(restarts=1, most_restarts=3), None, "It begins anew: with --rdzv-id NAME it would go on"),
        (Processes(job="a"), 4, "This training was begun before; a machine came or went, or somebody ended"),
    ],
)
def test_what_torchrun_starts_anew_says_so_and_from_where_it_goes_on(
    processes: Processes, epochs: int | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if epochs:
        (tmp_path / LAST).touch()
    say_started_anew(processes, None if epochs is None else Run(tmp_path))
    told = " ".join(capsys.readouterr().out.split())
    assert words in told
    assert bool(told) == bool(words)


def launched(typed: list[str], restarts: int = 0) -> list[str]:
    """A training of two processes."""
    python, *program = typed
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    return [python, *launcher, "--max-restarts", str(restarts), *program]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Together:
    """What two processes came to that nobody disturbed. To be added to, not to be changed."""
    folder = tmp_path_factory.mktemp("together")
    url = f"sqlite:///{folder / 'images.db'}"
    engine = open_database(url)
    take_in(engine, draw_class_folders(folder / "colours", per_label=6))
    engine.dispose()
    settings = environment_of(url, folder / "bundles") | {FRESH_STORE: "1"}
    with talking(launched(command("train", *TOGETHER)), settings) as both:
        out, _ = both.communicate(timeout=2 * START)
    assert both.returncode == 0, out
    return Together(settings, folder / "bundles")


def test_two_processes_train_one_model_and_measure_over_both(
    unbroken: Together, environment: dict[str, str], menagerie: Menagerie
) -> None:
    manifest = unbroken.manifests[0]
    history = manifest.training["history"]
    assert isinstance(history, list)
    best = history[int(str(manifest.training["best_epoch"])) - 1]
    assert isinstance(best, dict)
    # Three val pictures on two processes: the figures are those of the three, as the bundle itself has them.
    environment |= unbroken.settings
    measured = menagerie("evaluate", "colours-1", "--split", "val").out
    accuracy = float(str(best["val_accuracy"]))
    assert f"{accuracy:.1%} right on 3 val pictures" in measured
    assert list((unbroken.bundles / ".runs").rglob("*.ckpt")) == []


def test_where_the_one_that_writes_is_killed_both_go_on_from_the_last_checkpoint(
    unbroken: Together, bucket: Bucket
) -> None:
    settings = unbroken.settings | {"MENAGERIE_CHECKPOINTS": f"{bucket.url}/checkpoints"}
    with talking(launched(dying(AMID_AN_EPOCH, 4, "train", *TOGETHER), restarts=1), settings) as job:
        out, _ = job.communicate(timeout=2 * START)
    assert job.returncode == 0, out
    told = out.splitlines()
    assert [int(found[1]) for line in told if (found := re.match(r"epoch (\d+) of 10", line))] == EPOCHS
    assert len([line for line in told if line.startswith("Training simple_cnn")]) == 2
    (anew,) = [line.rstrip() for line in told if line.startswith("A process of this training died")]
    assert anew.endswith("anew, restart 1 of at most 1. It goes on from the last epoch that was finished")
    first, second = unbroken.manifests
    assert second.training == first.training  # the history of every epoch included
    assert second.metrics == first.metrics
    engine = open_database(settings["DATABASE_URL"])
    with Session(engine) as session:
        assert registry.versions(session) == {"colours-1", "colours-2"}
    engine.dispose()
    assert not [name for name in bucket.names() if name.endswith(".ckpt")]
