"""The program, killed at a place in its own work: whoever kills it from outside, on a busy machine, may come
when it has ended.

python -m tests.training.cli.dying FUNCTION CALLS COMMAND...: `menagerie COMMAND...`, whose first process is
killed where FUNCTION, such as module:Class.name, is called for so many times.
"""

import os
import signal
import sys
from importlib import import_module
from typing import Any

from training.cli.main import main
from training.learning.processes import Processes

AMID_AN_EPOCH = "training.learning.learner:Learner.on_validation_epoch_end"


def dying(function: str, calls: int, *arguments: object) -> list[str]:
    """The command of such a process."""
    return [sys.executable, "-m", "tests.training.cli.dying", function, str(calls), *map(str, arguments)]


def die_at(function: str, calls: int) -> None:
    module, _, names = function.partition(":")
    *owners, name = names.split(".")
    owner: Any = import_module(module)
    for one in owners:
        owner = getattr(owner, one)
    called, before = getattr(owner, name), iter(range(calls - 1))

    def call_or_die(*arguments: Any, **named: Any) -> Any:
        if next(before, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return called(*arguments, **named)

    setattr(owner, name, call_or_die)


if __name__ == "__main__":
    _, place, count, *typed = sys.argv
    processes = Processes.of_environment()
    if processes.first and not processes.restarts:
        die_at(place, int(count))
    sys.argv = ["menagerie", *typed]
    main()
