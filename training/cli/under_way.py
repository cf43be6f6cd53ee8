"""Which training a command goes on with, and where what is kept of it lies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic_settings import BaseSettings, SettingsConfigDict

from databases.places import Place, parse_place
from training.errors import Interrupted

if TYPE_CHECKING:
    from training.cli.state import State
    from training.dataset import Dataset
    from training.learning.processes import Processes
    from training.learning.run import Run
    from training.recipe import Recipe


class CheckpointSettings(BaseSettings):
    """`checkpoints`: a folder or URL; by default a folder beside the bundles."""

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_", extra="ignore", frozen=True)

    checkpoints: str | None = None


def checkpoints_place(named: str | None) -> Place | None:
    """The one that was named, or else the environment's.

    Raises:
        BadPlace: it is no folder or URL.
    """
    from databases.settings import load_settings

    where = named if named is not None else load_settings(CheckpointSettings).checkpoints
    return None if where is None else parse_place(where)


@contextmanager
def telling_stops(kept: str) -> Iterator[None]:
    """Makes a sentence of Ctrl-C; `kept`: what is left, and what to do.

    Raises:
        Interrupted: somebody pressed it.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; {kept}") from None


@dataclass(frozen=True)
class UnderWay:
    """A run to go on with. `version`: the registered bundle that it came to before it was started anew."""

    run: "Run"
    version: str | None


def say_started_anew(processes: "Processes", run: "Run | None") -> None:
    """Tells where torchrun has started this training anew, and from where it goes on; nothing otherwise.
    `run`: what this job began before."""
    from training.cli.console import say

    if processes.restarts:
        times = f"restart {processes.restarts} of at most {processes.most_restarts}"
        why = f"A process of this training died: torchrun has started all of them anew, {times}"
    elif run is not None:
        why = "This training was begun before; a machine came or went, or somebody ended it"
    else:
        return
    if run is not None and run.last is not None:
        say(f"[yellow]{why}.[/yellow] It goes on from the last epoch that was finished")
    elif processes.job is None:
        say(f"[yellow]{why}.[/yellow] It begins anew: with --rdzv-id NAME it would go on from its last epoch")
    else:
        say(f"[yellow]{why}.[/yellow] No epoch was finished, so it begins anew")


def under_way(
    state: "State", runs: Place, dataset: "Dataset", recipe: "Recipe", job: str | None, *, resume: bool
) -> UnderWay | None:
    """The unfinished run that --resume asks for, or what this job began before torchrun started it anew.

    Raises:
        TrainingError: there is nothing to resume.
        WeightsUnavailable: the weights that it began with are gone.
    """
    from sqlalchemy.orm import Session

    from databases import registry
    from training.learning.runs import run_of_job, unfinished_run

    if not resume and job is None:
        return None
    with Session(state.engine) as session:
        registered = registry.versions(session)
    if resume:
        run: Run | None = unfinished_run(runs, dataset.task, dataset.fingerprint, registered)
    else:
        run = run_of_job(runs, dataset.task, recipe, dataset.fingerprint, job)
    if run is None:
        return None
    version = run.version
    if version in registered:
        return UnderWay(run, version)
    run.check_weights()
    return UnderWay(run, None)
