"""Trainings under way: what a killed one can go on from."""

import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from databases.places import Place, RemoteFile
from training.errors import Diverged, Interrupted, TakenOver, TrainingError
from training.learning.run import CLAIM, FINGERPRINT, JOB, LAST, RECIPE, VERSION, WEIGHTS
from training.learning.run import Run as Run
from training.learning.run_folders import (
    folders_in,
    keep_only,
    make_folder,
    read_text,
    remove_folder,
    remove_pixels,
    write_whole,
)
from training.networks.weights import weights_sha256
from training.recipe import Recipe

LOCK = "lock"
LEFT_AFTER = 14 * 86_400  # seconds since the last epoch
BEGINNING = 3_600  # seconds: whoever makes a run holds it by then


def begin_run(runs: Place, task: str, recipe: Recipe, fingerprint: str, job: str | None = None) -> Run:
    """A new run in the folder of all `runs`. Unfinished ones of the task stay until one is finished. By `job`
    it is found again where torchrun starts the same command anew.

    Raises:
        TrainingError: nothing can be written there.
    """
    try:
        return _begin(runs / task, recipe, fingerprint, job)
    except OSError as error:
        raise TrainingError(
            f"nothing can be kept of the training in {runs} ({error.strerror or error}): --checkpoints or "
            "MENAGERIE_CHECKPOINTS names another place"
        ) from None


def _begin(parent: Place, recipe: Recipe, fingerprint: str, job: str | None) -> Run:
    run = Run(make_folder(parent))
    run.note(recipe)
    if recipe.weights is not None and recipe.weights.exists():
        write_whole(run.folder / WEIGHTS, weights_sha256(recipe.weights))
    if job is not None:
        write_whole(run.folder / JOB, _identity(job, recipe))
    write_whole(run.folder / FINGERPRINT, fingerprint)
    return run


def unfinished_run(runs: Place, task: str, fingerprint: str, registered: Collection[str] = ()) -> Run:
    """The latest run of a task that came to none of the `registered` bundles.

    Raises:
        TrainingError: there is none, somebody works on it, or the pictures have changed since.
    """
    run = _latest([run for run in _begun(runs, task) if run.version not in registered])
    if run is None:
        raise TrainingError(f"no unfinished training of {task!r} to resume; leave --resume out")
    if run.fingerprint != fingerprint:
        raise TrainingError(
            f"the pictures of {task!r} have changed since that training began; leave --resume out"
        )
    return run


def run_of_job(runs: Place, task: str, recipe: Recipe, fingerprint: str, job: str | None) -> Run | None:
    """The run that this very `job` of torchrun's began, by the same recipe and of the same pictures, whether
    or not it came to an end."""
    if job is None:
        return None
    identity = _identity(job, recipe)
    own = [run for run in _begun(runs, task) if read_text(run.folder / JOB) == identity]
    return _latest([run for run in own if run.fingerprint == fingerprint])


@contextmanager
def working_on(run: Run) -> Iterator[Run]:
    """Keeps others off a run: on a disk they are refused; in a store, who comes later takes it over. One that
    diverged, or that an error ended before its first epoch, holds nothing to go on from, and goes.

    Raises:
        TrainingError: somebody works on it.
    """
    with _held(run) as held:
        if held is None:
            raise TrainingError(f"another process works on the training in {run.folder}; wait for it")
        try:
            yield held
        except (Interrupted, TakenOver):
            raise
        except Exception as error:
            if held.is_ours and (held.last is None or isinstance(error, Diverged)):
                remove_folder(run.folder)
            raise


def discard_runs(runs: Place, task: str, own: Run | None = None, *, keep_notes: bool = False) -> None:
    """Throws `own` away, which came to a model and is held, and others of the task that nobody works on or
    wants to: those that hold nothing to go on from, and those that were left two weeks ago. Of the rest go
    the decoded pictures that killed processes left.

    Its notes may be wanted yet: other processes of a job that is started anew look for them. In a store
    nobody can tell who works on a run: there, others stay.
    """
    for folder in folders_in(runs / task):
        run = Run(folder)
        is_own = own is not None and folder == own.folder
        if is_own and keep_notes:
            keep_only(folder, (RECIPE, FINGERPRINT, JOB, VERSION))
        elif is_own:
            remove_folder(folder)
        elif isinstance(folder, Path) and _unchanged_for(folder) > BEGINNING:
            with _held(run) as held:
                if held:
                    _clear_away(folder)


def _clear_away(folder: Path) -> None:
    """Of what can be gone on with, the decoded pictures: these may be many times what is kept."""
    last = folder / LAST
    if last.exists() and _unchanged_for(last) <= LEFT_AFTER:
        remove_pixels(folder)
    else:
        remove_folder(folder)


def _unchanged_for(path: Path) -> float:
    """For how many seconds nothing was written there."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # somebody else threw it away
        return 0.0


def _identity(job: str, recipe: Recipe) -> str:
    return hashlib.sha256(f"{job}\n{recipe.to_yaml()}".encode()).hexdigest()


def _begun(runs: Place, task: str) -> list[Run]:
    found = (Run(folder) for folder in folders_in(runs / task))
    return [run for run in found if run.fingerprint is not None]


def _latest(runs: list[Run]) -> Run | None:
    return max(runs, key=lambda run: (run.folder / RECIPE).stat().st_mtime_ns, default=None)


@contextmanager
def _held(run: Run) -> Iterator[Run | None]:
    """None where another process of this machine holds it, or has just thrown it away."""
    if isinstance(run.folder, RemoteFile):
        claimed = replace(run, claim=secrets.token_hex(16))
        write_whole(run.folder / CLAIM, str(claimed.claim))
        yield claimed
        return
    try:
        lock = (run.folder / LOCK).open("w")
    except FileNotFoundError:
        yield None
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield run if os.fstat(lock.fileno()).st_nlink else None
