"""A search as Optuna keeps it: which trials there are, and which are still to come."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from training.errors import BadRecipe
from training.learning.pixels import mix_seed
from training.recipe import Recipe
from training.tuning.locks import exclusive
from training.tuning.plan import Plan
from training.tuning.space import Range, Space, is_whole
from training.tuning.storage import opened

# What a study remembers of itself.
FINGERPRINT, SPACE, REGISTERED = "fingerprint", "space", "registered"
# What a trial does: the process that works on it, the folder of its checkpoints, its recipe, what it came to,
# and why it ended early.
WORKER, FOLDER, RECIPE, FIGURES, REASON = "worker", "folder", "recipe", "figures", "reason"
METHOD = "method"
TURN, REGISTERING = "turn.lock", "registering.lock"
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
# Random ones before the sampler has something to learn from. Half of a usual search would be random with
# Optuna's 10.
RANDOM_TRIALS = 5
# The first trials run their course, for others to be compared with; and one epoch says little of the last.
FIRST_TRIALS, FEWEST_TO_COMPARE, FIRST_PRUNED_EPOCH = 4, 3, 2


@contextmanager
def open_study(plan: Plan) -> Iterator[optuna.Study]:
    """The study of a plan, made with its first trials where it is new.

    Raises:
        BadRecipe: one of that name searches on other pictures or in another space.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with opened(plan.folder, plan.url, try_again) as storage:
        with exclusive(plan.folder / TURN):
            study = optuna.create_study(
                storage=storage,
                study_name=plan.name,
                direction="minimize" if plan.space.minimise else "maximize",
                load_if_exists=True,
                pruner=_pruner(),
            )
            _begin(study, plan)
        yield study


def try_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """Lines a trial up that was broken off, to go on with what it had learnt."""
    kept = {name: trial.user_attrs[name] for name in (METHOD, FOLDER) if name in trial.user_attrs}
    # One that was lined up itself may not have come to take all of its values.
    values = trial.system_attrs.get("fixed_params", {}) | trial.params
    study.enqueue_trial(values, kept)


def give_up(study: optuna.Study, dead: Callable[[str | None], bool], *, again: bool) -> int:
    """Ends the running trials of workers that are `dead` and, with `again`, lines them up anew. Returns how
    many. A worker is None where a trial was broken off before it could say."""
    broken = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        if dead(trial.user_attrs.get(WORKER))
    ]
    for trial in broken:
        study.tell(trial.number, state=TrialState.FAIL)
        if again:
            try_again(study, trial)
    return len(broken)


def give_up_silent(study: optuna.Study) -> None:
    """Ends the running trials in a database whose processes fell silent, and lines them up anew. Optuna looks
    for them only where another trial begins: of the last ones nobody else would ever hear."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)


def is_wanted(study: optuna.Study, plan: Plan) -> bool:
    """Whether another trial is to begin."""
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    begun = sum(state in (*ENDED, TrialState.RUNNING) for state in states)
    something = TrialState.WAITING in states or any(method.chosen for method in plan.space.methods)
    return begun < plan.trials and something


def ready_sampler(study: optuna.Study, plan: Plan) -> None:
    """Lets the next trial depend on the seed and the trials before it alone, in whichever process it is.

    The tree-structured Parzen estimator (Bergstra et al. 2011), over values together (Falkner et al. 2018,
    arXiv:1807.01774), each group of those that go together; running trials count as bad ones, so that
    processes try different things.
    """
    seed = mix_seed(plan.space.shared.seed, len(study.get_trials(deepcopy=False)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.sampler = TPESampler(n_startup_trials=RANDOM_TRIALS, group=True, seed=seed)


def choose(trial: Trial, space: Space) -> Recipe:
    """The recipe of a trial: its method first, then what there is to choose for that one."""
    fixed = trial.user_attrs.get(METHOD)
    methods = {method.name: method for method in space.methods}
    open_ones = [method.name for method in methods.values() if method.chosen]
    if fixed is None:
        fixed = trial.suggest_categorical(METHOD, open_ones) if len(open_ones) > 1 else open_ones[0]
    method = methods[fixed]
    return space.recipe_of(method, {name: _suggest(trial, space, name) for name in method.chosen})


@contextmanager
def registering(study: optuna.Study, plan: Plan, trial: int) -> Iterator[Callable[[str], None]]:
    """While one process trains by the recipe of a trial, no other does; it hands over the model's version."""
    with exclusive(plan.folder / REGISTERING):
        yield lambda version: study.set_user_attr(REGISTERED, {"trial": trial, "version": version})


def registered_as(study: optuna.Study, trial: int) -> str | None:
    """The model that was trained by the recipe of a trial, if there is one."""
    registered = study.user_attrs.get(REGISTERED, {})
    return registered.get("version") if registered.get("trial") == trial else None


def _suggest(trial: Trial, space: Space, name: str) -> object:
    choices = space.search[name]
    if not isinstance(choices, Range):
        return trial.suggest_categorical(name, choices)
    if is_whole(name):
        return trial.suggest_int(name, int(choices.low), int(choices.high), log=choices.log)
    return trial.suggest_float(name, choices.low, choices.high, log=choices.log)


def _pruner() -> MedianPruner:
    """Stops what is worse than half of the others were after as many epochs. Hyperband, which gives most
    trials few epochs, wants more trials and longer ones than a search has here."""
    return MedianPruner(FIRST_TRIALS, n_warmup_steps=FIRST_PRUNED_EPOCH, n_min_trials=FEWEST_TO_COMPARE)


def _begin(study: optuna.Study, plan: Plan) -> None:
    about = {FINGERPRINT: plan.fingerprint, SPACE: plan.space.to_yaml()}
    for what, value in about.items():
        known = study.user_attrs.get(what)
        if known is None:
            study.set_user_attr(what, value)
        elif known != value:
            raise BadRecipe(f"the study {plan.name!r} is about another {what}: name a new one with --study")
    searched = [method for method in plan.space.methods if method.chosen]
    # A method that leaves nothing to choose is tried once; of the others the defaults come first.
    done = [trial.user_attrs.get(METHOD) for trial in study.get_trials(deepcopy=False)]
    for method in plan.space.methods:
        if not method.chosen and method.name not in done:
            study.enqueue_trial({}, {METHOD: method.name})
    for method in searched:
        named = {METHOD: method.name} if len(searched) > 1 else {}
        study.enqueue_trial(named | plan.space.defaults_of(method), skip_if_exists=True)
