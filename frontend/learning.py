"""How many decisions no model has learnt from yet, and what is to be done about it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from frontend.decisions import Decision
from frontend.markup import todo
from frontend.wording import Todo

COUNTED = 100  # of the latest decisions


@dataclass(frozen=True)
class Waiting:
    """`more`: there may be others beyond those that were looked at."""

    decisions: int
    more: bool


def waiting(made: Sequence[Decision], since: datetime | None) -> Waiting:
    """Of the latest decisions, the newest first, those that hold and came after the newest model, which was
    made at `since`; None where there is none, or nobody knows."""

    def is_after(one: Decision) -> bool:
        return since is None or one.made_at > since

    count = sum(one.undone_at is None and is_after(one) for one in made)
    return Waiting(count, more=len(made) >= COUNTED and is_after(made[-1]))


def told(waits: Waiting, task: str) -> str:
    """HTML."""
    if not waits.decisions:
        return '<p class="mng-fine">The newest model has learnt from all decisions that were made so far.</p>'
    count = f"{waits.decisions:,} {'decision waits' if waits.decisions == 1 else 'decisions wait'}"
    if waits.more:
        count = f"More than {waits.decisions:,} decisions wait"
    train = todo(Todo("start that", (f"menagerie train --task {shlex.quote(task)}",)))
    return f'<p class="mng-bought"><b>{count}</b> for the next training. <span>{train}</span></p>'
