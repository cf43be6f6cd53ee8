"""One of the processes that share the trials of a search."""

import os
import sys
import threading
from contextlib import ExitStack
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from databases.errors import DatabaseUnavailable
from training.errors import TrainingError

if TYPE_CHECKING:
    import optuna

    from training.tuning.plan import Plan
    from training.tuning.prepared import Prepared


def work(plan: "Plan", prepared: "Prepared", number: int, errors: Connection) -> None:
    """Runs trials until there are enough. An error that was foreseen goes to `errors`, as one line.

    Dies with the process that started it; Ctrl-C and the time limit are that one's business.
    """
    from training.tuning.commands import taking_part
    from training.tuning.study import open_study

    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        with taking_part(prepared.folder), open_study(plan) as study:
            while try_one(study, plan, prepared, f"{prepared.folder.name}/{number}"):
                pass
    except (TrainingError, DatabaseUnavailable, OSError) as error:
        errors.send(str(error))
        sys.exit(1)


def try_one(study: "optuna.Study", plan: "Plan", prepared: "Prepared", worker: str) -> bool:
    """Runs the next trial; False where none is to begin."""
    from optuna.trial import Trial

    from training.tuning.locks import exclusive
    from training.tuning.study import TURN, WORKER, choose, is_wanted, ready_sampler, try_again
    from training.tuning.trial import run_trial

    with ExitStack() as turn:
        turn.enter_context(exclusive(plan.folder / TURN))
        if not is_wanted(study, plan):
            return False
        ready_sampler(study, plan)

        def run(trial: Trial) -> float:
            trial.set_user_attr(WORKER, worker)
            recipe = choose(trial, plan.space)
            turn.close()  # the others see what this one tries
            try:
                return run_trial(trial, recipe, plan, prepared)
            except (TrainingError, OSError):
                try_again(study, study.get_trials(deepcopy=False)[trial.number])  # once it is mended
                raise

        study.optimize(run, n_trials=1)
    return True


def _die_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
