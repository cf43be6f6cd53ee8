"""Telling of trials while a search is on."""

from contextlib import ExitStack
from types import TracebackType

import optuna
from optuna.trial import TrialState

from training.progress import Progress
from training.tuning.plan import Plan
from training.tuning.study import ENDED
from training.tuning.tried import Tried, in_words, read_trial


class Teller:
    """Tells of each trial that ended, whichever process it was of; a block with a bar of all of them."""

    def __init__(self, study: optuna.Study, plan: Plan, progress: Progress) -> None:
        self._study, self._plan, self._progress = study, plan, progress
        self._told: set[int] = set()
        self._best: float | None = None
        self._bar = ExitStack()

    def __enter__(self) -> "Teller":
        self._advance = self._bar.enter_context(self._progress.track("Trials", self._plan.trials))
        for tried in self._new():
            self._note(tried)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def look(self) -> None:
        """Tells of what ended since the last look."""
        for tried in self._new():
            result = self._result(tried) + (", the best so far" if self._note(tried) else "")
            recipe = ", ".join(part for part in (tried.method, in_words(tried.chosen)) if part)
            self.say(f"trial {tried.number}: {result} ({tried.seconds:.0f} s): {recipe}")

    def say(self, line: str) -> None:
        self._progress.tell(line)

    def tell_of_the_end(self) -> None:
        """The time is up."""
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        self.say(f"the time is up; trials to be gone on with, another time: {len(running)}")

    def _new(self) -> list[Tried]:
        ended = self._study.get_trials(deepcopy=False, states=ENDED)
        return [read_trial(trial) for trial in ended if trial.number not in self._told]

    def _note(self, tried: Tried) -> bool:
        """Whether it is the best so far."""
        self._told.add(tried.number)
        self._advance(1)
        if tried.value is None:
            return False
        sign = 1 if self._plan.space.minimise else -1
        better = self._best is None or sign * tried.value < sign * self._best
        if better:
            self._best = tried.value
        return better

    def _result(self, tried: Tried) -> str:
        if tried.value is None:
            return f"stopped early, {tried.reason}"
        return f"{self._plan.space.shared.monitor.replace('_', ' ')} {tried.value:.4f}"
