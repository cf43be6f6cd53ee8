"""Trials are trained and judged on val alone, stopped where they fall behind, and can be trained again."""

import errno
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import optuna
import pytest
import torch
import yaml
from pydantic import JsonValue
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.preprocessing import normalise
from databases import gallery_rows, registry
from tests.training.learning.conftest import SMALL
from tests.training.tuning.conftest import Planner, Searcher
from training.calibration import mean_log_loss
from training.dataset import Dataset
from training.learning.fit import fit
from training.learning.method import make_network
from training.learning.runs import Run
from training.methods import train
from training.pictures import read_pixels
from training.progress import Silent
from training.recipe import Recipe, make_recipe
from training.starter import VERSION as STARTER
from training.tuning.judging import judge
from training.tuning.study import FOLDER, open_study
from training.tuning.trial import TRIALS
from training.workshop import Workshop

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # PyTorch's own, by Lightning
GOOD, BAD = 0.003, 1.1e-5


def test_confidence_that_calibration_puts_right_costs_nothing() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 300)
    logits = (np.eye(3)[targets] * 2 + rng.normal(0, 1, (300, 3))).astype(np.float32)
    plain, louder = judge(logits, targets), judge(logits * 20, targets)
    assert louder.val_loss == pytest.approx(plain.val_loss, rel=0.01)
    assert mean_log_loss(logits * 20, targets) > 3 * plain.val_loss
    assert (louder.val_accuracy, louder.val_f1) == (plain.val_accuracy, plain.val_f1)


def test_what_falls_behind_is_stopped_early_and_what_diverges_too(
    plan_for: Planner, search_here: Searcher
) -> None:
    plan = plan_for(trials=7, search={"learning_rate": {"low": 1e-5, "high": 1e30, "log": True}})
    with open_study(plan) as study:
        for rate in (GOOD, GOOD * 1.1, GOOD * 1.2, BAD, BAD, 1e30):
            study.enqueue_trial({"learning_rate": rate})
    outcome = search_here(plan)
    default, *good, bad, worse, worst = outcome.tried
    assert [one.state for one in (default, *good)] == ["finished"] * 4
    assert [len(one.epochs) for one in good] == [3] * 3
    for one in (bad, worse):
        assert (one.state, one.reason, len(one.epochs)) == (
            "stopped early",
            "half of the others were better after epoch 2",
            2,
        )
    assert (worst.state, worst.epochs) == ("stopped early", ())
    assert worst.reason is not None
    assert worst.reason.startswith("it diverged")
    assert outcome.best in (default, *good)
    assert list((plan.folder / TRIALS).iterdir()) == []


def test_the_best_recipe_trains_to_what_its_trial_came_to(
    plan_for: Planner, search_here: Searcher, engine: Engine, bundles: Path, dataset: Dataset
) -> None:
    outcome = search_here(plan_for(trials=2))
    recipe = make_recipe(yaml.safe_load(outcome.recipe.to_yaml()), "best.yaml")
    trained = train(Workshop(engine, bundles, Silent()), dataset, recipe)
    assert trained is not None
    pixels = read_pixels(dataset.val, trained.preprocessing, lambda _: None)
    with torch.inference_mode():
        logits = trained.module.cpu()(torch.from_numpy(normalise(pixels, trained.preprocessing)))[0].numpy()
    again = judge(logits, np.array(dataset.targets(dataset.val)))
    assert again.val_loss == pytest.approx(outcome.best.value, rel=1e-3)


def test_a_trial_that_was_broken_off_goes_on_from_its_checkpoint(
    plan_for: Planner, search_here: Searcher, dataset: Dataset
) -> None:
    plan = plan_for(trials=2)
    folder = plan.folder / TRIALS / "7"
    folder.mkdir(parents=True)
    losses = []

    class Broken(Exception):
        pass

    def watch(figures: Mapping[str, JsonValue]) -> None:
        losses.append(figures["val_loss"])
        if len(losses) == 2:
            raise Broken

    recipe = Recipe(architecture="simple_cnn", strategy="scratch", epochs=3, seed=5)
    with pytest.raises(Broken):
        fit(make_network(dataset, recipe, None), dataset, recipe, Run(folder), Silent(), watch=watch)
    with open_study(plan) as study:
        study.enqueue_trial({"learning_rate": 0.002}, {FOLDER: "7"})
    anew, gone_on_with = search_here(plan).tried
    assert gone_on_with.epochs[0] == (1, losses[0])  # by the seed that it had begun with
    assert anew.epochs[0] != gone_on_with.epochs[0]
    assert len(gone_on_with.epochs) == 3


def test_a_trial_that_met_a_full_disk_keeps_what_it_is_to_go_on_from(
    plan_for: Planner, search_here: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = optuna.Trial.report

    def report_in_vain(trial: optuna.Trial, value: float, step: int) -> None:
        if step == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        report(trial, value, step)

    plan = plan_for(trials=1)
    monkeypatch.setattr(optuna.Trial, "report", report_in_vain)
    with pytest.raises(OSError, match="No space left"):
        search_here(plan)
    with open_study(plan) as study:
        broken, again = study.get_trials()
    assert broken.user_attrs[FOLDER] == again.user_attrs[FOLDER]
    assert Run(plan.folder / TRIALS / again.user_attrs[FOLDER]).last is not None


def test_a_probe_and_finetuning_are_judged_on_the_same_pictures_in_the_same_figures(
    plan_for: Planner, search_here: Searcher, small_weights: Path, dataset: Dataset
) -> None:
    common = {"weights": str(small_weights), "epochs": 1}
    space = {"architectures": [SMALL], "recipe": common, "search": {"unfreeze": {"low": 1, "high": 2}}}
    outcome = search_here(plan_for(trials=2, **space))
    probe, finetune = outcome.tried
    assert (probe.method, finetune.method) == (f"{SMALL} probe", f"{SMALL} finetune")
    for one in outcome.tried:
        assert one.figures is not None
        assert one.value == one.figures.val_loss
        right = one.figures.val_accuracy * len(dataset.val)
        assert right == pytest.approx(round(right))
    assert (probe.chosen, probe.epochs) == ({}, ())
    assert len(finetune.epochs) == 1


@pytest.mark.parametrize("monitor", ["val_accuracy", "val_f1"])
def test_more_is_better_of_everything_but_the_loss(
    plan_for: Planner, search_here: Searcher, monitor: str
) -> None:
    plan = plan_for(trials=2, recipe={"epochs": 2, "monitor": monitor})
    with open_study(plan) as study:
        study.enqueue_trial({"learning_rate": 1e-5})
    good, bad = (outcome := search_here(plan)).tried
    assert good.figures is not None
    assert good.value is not None
    assert good.value == getattr(good.figures, monitor)
    assert bad.value is not None
    assert good.value > bad.value
    assert outcome.ranked == (good, bad)
    assert outcome.best == good


@pytest.mark.usefixtures("bundles_with_starter")
def test_the_starters_features_are_computed_of_train_and_val_alone(
    plan_for: Planner, search_here: Searcher, engine: Engine, dataset: Dataset
) -> None:
    plan = plan_for(architectures=["efficientnet_lite0"], strategies=["probe"])
    (probe,) = search_here(plan).tried
    assert probe.state == "finished"
    with Session(engine) as session:
        starter = registry.get_model(session, STARTER)
        embedded = {row.image_id for row in gallery_rows.read_rows(session, starter.id, "colours")}
    assert embedded == {image.id for image in dataset.train + dataset.val}
