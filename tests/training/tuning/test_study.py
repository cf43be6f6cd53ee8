"""Which trials a search has, and which come next, whatever became of the processes before."""

from dataclasses import replace
from statistics import median

import optuna
import pytest
from optuna.trial import TrialState

from tests.training.tuning.conftest import Planner
from training.errors import BadRecipe
from training.tuning.plan import Plan
from training.tuning.storage import JOURNAL
from training.tuning.study import (
    FOLDER,
    METHOD,
    WORKER,
    choose,
    give_up,
    is_wanted,
    open_study,
    ready_sampler,
)


def run_trials(plan: Plan, most: int = 100) -> list[dict[str, object]]:
    """Trials that come to their learning rate at once, without any training; what was chosen for each."""
    with open_study(plan) as study:
        for _ in range(most):
            if not is_wanted(study, plan):
                break
            ready_sampler(study, plan)
            study.optimize(lambda trial: choose(trial, plan.space).learning_rate, n_trials=1)
        return [trial.params for trial in study.trials]


def states(study: optuna.Study) -> list[str]:
    return [trial.state.name for trial in study.trials]


def test_the_same_pictures_and_space_are_the_same_study(plan_for: Planner) -> None:
    plan = plan_for()
    assert plan_for() == plan
    assert plan.name.startswith("colours-tuning-")
    assert plan_for(recipe={"epochs": 4}).name != plan.name
    assert plan_for(recipe={"epochs": 3, "seed": 1}).name != plan.name
    assert plan_for(trials=9).name == plan.name  # more of the same


def test_a_study_of_that_name_in_another_space_is_not_gone_on_with(plan_for: Planner) -> None:
    run_trials(plan_for(name="mine"))
    with pytest.raises(BadRecipe, match="the study 'mine' is about another space: name a new one"):
        run_trials(plan_for(name="mine", recipe={"epochs": 4}))
    with pytest.raises(BadRecipe, match="the study 'mine' is about another fingerprint"):
        run_trials(replace(plan_for(name="mine"), fingerprint="of other pictures"))
    with pytest.raises(BadRecipe, match=r"'\.\./mine' cannot name a study"):
        plan_for(name="../mine")


def test_what_leaves_nothing_to_choose_is_tried_once_and_the_defaults_come_first(plan_for: Planner) -> None:
    plan = plan_for(trials=12, architectures=["efficientnet_lite0", "simple_cnn"])
    run_trials(plan, 1)
    run_trials(plan)
    with open_study(plan) as study:
        probes = [
            trial for trial in study.trials if trial.user_attrs.get(METHOD) == "efficientnet_lite0 probe"
        ]
        assert [(trial.number, trial.params) for trial in probes] == [(0, {})]
        finetune, scratch, *rest = study.trials[1:]
        assert finetune.params == {METHOD: "efficientnet_lite0 finetune", "learning_rate": 0.001}
        assert scratch.params == {METHOD: "simple_cnn scratch", "learning_rate": 0.001}
        assert len(rest) == 9
        assert {trial.params[METHOD] for trial in rest} == {
            "efficientnet_lite0 finetune",
            "simple_cnn scratch",
        }


def test_a_search_with_nothing_to_choose_ends_by_itself(plan_for: Planner) -> None:
    assert run_trials(plan_for(architectures=["vgg16"], strategies=["probe"], trials=9)) == [{}]


def test_the_same_seed_chooses_the_same_however_often_it_is_taken_up(plan_for: Planner) -> None:
    once = run_trials(plan_for(trials=12, name="once"))
    for _ in range(4):
        parts = run_trials(plan_for(trials=12, name="parts"), 3)
    assert parts == once
    assert len({str(chosen) for chosen in once}) == 12
    other = run_trials(plan_for(trials=12, name="other", recipe={"epochs": 3, "seed": 1}))
    assert other[0] == once[0]  # the defaults
    assert not [chosen for chosen in other[1:] if chosen in once]


def test_it_learns_where_the_good_ones_are(plan_for: Planner) -> None:
    rates = [float(str(chosen["learning_rate"])) for chosen in run_trials(plan_for(trials=40))]
    assert median(rates[20:]) < 3e-4 / 5  # by chance it would be the middle of all magnitudes, 3e-4


def test_a_trial_whose_process_died_is_tried_again_and_counted_once(plan_for: Planner) -> None:
    plan = plan_for(trials=3)
    with open_study(plan) as study:
        ready_sampler(study, plan)
        broken, alive, nameless = (study.ask() for _ in range(3))
        for trial, worker in ((broken, "dead/0"), (alive, "alive/0")):
            trial.set_user_attr(WORKER, worker)
            trial.set_user_attr(FOLDER, str(trial.number))
            choose(trial, plan.space)
        assert not is_wanted(study, plan)
        given_up = give_up(study, lambda worker: worker != "alive/0", again=True)
        assert given_up == 2
        assert states(study) == ["FAIL", "RUNNING", "FAIL", "WAITING", "WAITING"]
        again = study.ask()
        assert (again.number, again.user_attrs) == (3, {FOLDER: "0"})
        assert choose(again, plan.space).learning_rate == broken.params["learning_rate"]
        for trial in (alive, again):
            study.tell(trial, 1.0)
        assert is_wanted(study, plan)
        study.tell(study.ask(), 1.0)
        assert not is_wanted(study, plan)
        assert nameless.number == 2
        assert len(study.get_trials(states=(TrialState.COMPLETE,))) == 3


def test_a_trial_that_is_broken_off_again_before_it_took_its_values_still_has_them(plan_for: Planner) -> None:
    plan = plan_for()
    run_trials(plan, 1)  # the defaults
    with open_study(plan) as study:
        ready_sampler(study, plan)
        first = study.ask()
        choose(first, plan.space)
        for _ in range(2):
            assert give_up(study, lambda _: True, again=True) == 1
            again = study.ask()
        assert choose(again, plan.space).learning_rate == first.params["learning_rate"]


def test_a_trial_that_killed_its_process_is_not_tried_again(plan_for: Planner) -> None:
    plan = plan_for()
    with open_study(plan) as study:
        study.ask().set_user_attr(WORKER, "c/0")
        give_up(study, lambda worker: worker == "c/0", again=False)
        assert states(study) == ["FAIL"]


def test_a_line_that_was_cut_short_does_not_spoil_the_journal(plan_for: Planner) -> None:
    plan = plan_for(trials=4)
    run_trials(plan, 2)
    with (plan.folder / JOURNAL).open("a") as file:
        file.write('{"op_code":4,"worker_')
    assert len(run_trials(plan)) == 4
    assert len(run_trials(plan)) == 4
