"""What a search came to."""

import warnings
from collections import Counter
from dataclasses import dataclass

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from training.errors import TrainingError
from training.recipe import Monitor, Recipe
from training.tuning.plan import Plan
from training.tuning.space import Space
from training.tuning.study import registered_as
from training.tuning.tried import Tried, read_trial

# Importance is what tells the best quarter from the rest: of fewer trials that is one, and says nothing.
BEST_SHARE, FEWEST_TO_COMPARE = 0.25, 5


@dataclass(frozen=True)
class Outcome:
    """`tried`: every trial, by number. `best`: the one that the search would choose, None where none was
    finished. `importances`: how much each value has to do with being among the best, most first, together 1;
    empty where there is nothing to compare. `model`: the version that the best recipe was registered as."""

    name: str
    task: str
    train: int
    val: int
    space: Space
    tried: tuple[Tried, ...]
    best: Tried
    recipe: Recipe
    importances: tuple[tuple[str, float], ...]
    model: str | None

    @property
    def monitor(self) -> Monitor:
        """The figure that the search goes by."""
        return self.space.shared.monitor

    @property
    def minimise(self) -> bool:
        return self.space.minimise

    @property
    def others_at_work(self) -> bool:
        """Whether trials run, of commands that did not end yet."""
        return any(one.state == "running" for one in self.tried)

    @property
    def ranked(self) -> tuple[Tried, ...]:
        """The finished ones, best first."""
        finished = [(one.value, one) for one in self.tried if one.value is not None]
        finished.sort(key=lambda pair: pair[0], reverse=not self.minimise)
        return tuple(one for _, one in finished)


def counted(outcome: Outcome) -> str:
    """How many trials ended in which way, in words."""
    counts = Counter(one.state for one in outcome.tried)
    return ", ".join(f"{count} {state}" for state, count in counts.most_common())


def read_outcome(study: optuna.Study, plan: Plan) -> Outcome:
    """What a study came to so far.

    Raises:
        TrainingError: no trial was finished.
    """
    tried = tuple(read_trial(trial) for trial in study.get_trials(deepcopy=False))
    if not any(one.value is not None for one in tried):
        raise TrainingError("no trial was finished yet; to go on, run the same command with more time")
    best = tried[study.best_trial.number]
    assert best.recipe is not None  # it was finished
    return Outcome(
        name=plan.name,
        task=plan.dataset.task,
        train=len(plan.dataset.train),
        val=len(plan.dataset.val),
        space=plan.space,
        tried=tried,
        best=best,
        recipe=best.recipe,
        importances=_importances(study),
        model=registered_as(study, best.number),
    )


def _importances(study: optuna.Study) -> tuple[tuple[str, float], ...]:
    """By PED-ANOVA (Watanabe et al. 2023, arXiv:2304.10255), which knows values that not every trial has."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if sum(bool(trial.params) for trial in finished) < FEWEST_TO_COMPARE:
        return ()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some regimes for parameter", UserWarning)
        found = get_param_importances(
            study, evaluator=PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)
        )
    return tuple(found.items())
