"""A search from its first trial to its last: processes are started, watched, and ended."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import optuna

from training.errors import Interrupted, TrainingError
from training.tuning.commands import command_folder, commands
from training.tuning.locks import exclusive
from training.tuning.plan import Plan
from training.tuning.prepared import prepare
from training.tuning.storage import is_sqlite
from training.tuning.study import TURN, give_up, give_up_silent, is_wanted, open_study
from training.tuning.team import Death, Hire, Team, processes
from training.tuning.telling import Teller
from training.workshop import Workshop

LOOK_EVERY = 0.5  # seconds


def search(
    workshop: Workshop, plan: Plan, *, jobs: int, seconds: float | None, hire: Hire = processes
) -> None:
    """Tries recipes in `jobs` processes until there are enough, or for so many seconds.

    What is broken off, by the time limit or otherwise, comes first when the search goes on.

    Raises:
        Interrupted: somebody pressed Ctrl-C.
        TrainingError: a trial met what a person has to mend, or all of the processes died.
    """
    try:
        with open_study(plan) as study, _taking_up(study, plan) as folder:
            if is_wanted(study, plan):
                prepared = prepare(workshop, plan.dataset, plan.space, folder)
                with hire(plan, prepared, jobs) as team, Teller(study, plan, workshop.progress) as teller:
                    _watch(study, team, teller, seconds)
    except KeyboardInterrupt:
        raise Interrupted("stopped, and nothing is lost; to go on, run the same command again") from None


@contextmanager
def _taking_up(study: optuna.Study, plan: Plan) -> Iterator[Path]:
    """A folder for this command. What was broken off is lined up again: by commands that died, and in the end
    by this one."""
    with ExitStack() as stack:
        with exclusive(plan.folder / TURN):
            folder = stack.enter_context(command_folder(plan.folder))
            alive, dead = commands(plan.folder)
            if plan.url is not None and is_sqlite(plan.url) and len(alive) > 1:
                raise TrainingError(f"another process searches in {plan.url}; with SQLite, wait for it")
            _line_up(study, plan, alive, dead)
            for one in dead:
                shutil.rmtree(one, ignore_errors=True)
        try:
            yield folder
        finally:
            with exclusive(plan.folder / TURN):
                alive, _ = commands(plan.folder)
                _line_up(study, plan, [one for one in alive if one != folder], [folder])


def _line_up(study: optuna.Study, plan: Plan, alive: list[Path], dead: list[Path]) -> None:
    alive_names, dead_names = ({one.name for one in folders} for folders in (alive, dead))

    def is_dead(worker: str | None) -> bool:
        command = None if worker is None else worker.partition("/")[0]
        # A database is shared with other machines, whose commands have no folder here.
        return command not in alive_names if plan.url is None else command in dead_names

    give_up(study, is_dead, again=True)
    give_up_silent(study)


def _watch(study: optuna.Study, team: Team, teller: Teller, seconds: float | None) -> None:
    end = None if seconds is None else time.monotonic() + seconds
    while team.busy and not team.hopeless:
        left = LOOK_EVERY if end is None else min(LOOK_EVERY, end - time.monotonic())
        if left <= 0:
            teller.tell_of_the_end()
            return
        deaths = team.wait(left)
        teller.look()
        for death in deaths:
            _bury(study, death, teller)
    if team.hopeless:
        raise TrainingError("every process of the search died; the reason stands above, if it left one")


def _bury(study: optuna.Study, death: Death, teller: Teller) -> None:
    give_up(study, lambda worker: worker == death.worker, again=death.again)
    trial = "its trial is tried again" if death.again else "its trial with it"
    teller.say(f"a process of the search died ({death.reason}), and {trial}")
