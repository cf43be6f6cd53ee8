"""Trainings under way: what a killed one can go on from."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.bundles.places import Bundles, workplace
from training.errors import Interrupted, TrainingError, WeightsUnavailable
from training.networks.weights import weights_sha256
from training.recipe import Recipe, make_recipe, read_values

RUNS, RECIPE, FINGERPRINT, LOCK = ".runs", "recipe.yaml", "dataset.sha256", "lock"
LAST, WEIGHTS = "last.ckpt", "weights.sha256"


@dataclass(frozen=True)
class Run:
    """A folder with the recipe, the fingerprints of the data set and of weights that came from a file, and
    the checkpoints of a training."""

    folder: Path

    @property
    def last(self) -> Path | None:
        """What to go on from, where an epoch was finished."""
        path = self.folder / LAST
        return path if path.is_file() else None

    @property
    def recipe(self) -> Recipe:
        path = self.folder / RECIPE
        return make_recipe(read_values(path), str(path))

    def note(self, recipe: Recipe) -> None:
        """By this it is gone on with."""
        draft = self.folder / f".{RECIPE}.draft"
        draft.write_text(recipe.to_yaml(), encoding="utf-8")
        draft.replace(self.folder / RECIPE)

    @property
    def fingerprint(self) -> str:
        return (self.folder / FINGERPRINT).read_text(encoding="utf-8").strip()

    def check_weights(self) -> None:
        """Whether the weights that it began with lie where they lay.

        Raises:
            WeightsUnavailable: they are gone, or others took their place.
        """
        weights, noted = self.recipe.weights, self.folder / WEIGHTS
        if weights is None:
            return
        if not weights.exists():
            raise WeightsUnavailable(
                f"the weights that this training began with are gone from {weights}: put them back, or leave "
                "--resume out"
            )
        if noted.is_file() and weights_sha256(weights) != noted.read_text(encoding="utf-8").strip():
            raise WeightsUnavailable(
                f"the weights in {weights} are others than those that this training began with: put these "
                "back, or leave --resume out"
            )


def begin_run(bundles: Bundles, task: str, recipe: Recipe, fingerprint: str) -> Run:
    """A new run. Unfinished ones of the task stay until one is finished."""
    parent = _folder(bundles, task)
    parent.mkdir(parents=True, exist_ok=True)
    run = Run(Path(tempfile.mkdtemp(dir=parent)))
    run.note(recipe)
    if recipe.weights is not None and recipe.weights.exists():
        (run.folder / WEIGHTS).write_text(weights_sha256(recipe.weights), encoding="utf-8")
    (run.folder / FINGERPRINT).write_text(fingerprint, encoding="utf-8")
    return run


def unfinished_run(bundles: Bundles, task: str, fingerprint: str) -> Run:
    """The latest run of a task that was broken off.

    Raises:
        TrainingError: there is none, somebody works on it, or the pictures have changed since.
    """
    runs = [Run(folder) for folder in _unfinished(bundles, task) if (folder / FINGERPRINT).is_file()]
    if not runs:
        raise TrainingError(f"no unfinished training of {task!r} to resume; leave --resume out")
    run = max(runs, key=lambda run: (run.folder / RECIPE).stat().st_mtime)
    if run.fingerprint != fingerprint:
        raise TrainingError(
            f"the pictures of {task!r} have changed since that training began; leave --resume out"
        )
    return run


@contextmanager
def working_on(run: Run) -> Iterator[None]:
    """Keeps others off a run. One that an error ends before its first epoch holds nothing to go on from, and
    goes.

    Raises:
        TrainingError: somebody works on it.
    """
    with _locked(run.folder) as ours:
        if not ours:
            raise TrainingError(f"another process works on the training in {run.folder}; wait for it")
        try:
            yield
        except Interrupted:
            raise
        except Exception:
            if run.last is None:
                shutil.rmtree(run.folder, ignore_errors=True)
            raise


def discard_runs(bundles: Bundles, task: str) -> None:
    """Throws the runs of a task away that nobody works on: its model is there."""
    for folder in _unfinished(bundles, task):
        with _locked(folder) as ours:
            if ours:
                shutil.rmtree(folder, ignore_errors=True)


def _folder(bundles: Bundles, task: str) -> Path:
    return workplace(bundles) / RUNS / task


def _unfinished(bundles: Bundles, task: str) -> list[Path]:
    folder = _folder(bundles, task)
    return [entry for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
