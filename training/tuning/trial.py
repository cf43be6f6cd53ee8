"""One trial: a recipe is tried, and judged on the pictures of val."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import lightning
import numpy as np
import optuna
import torch
from numpy.typing import NDArray
from optuna.trial import Trial
from pydantic import JsonValue

from backend.inference.preprocessing import normalise
from training.errors import Diverged, TrainingError
from training.learning.fit import fit
from training.learning.method import make_network
from training.learning.runs import Run
from training.networks.backbone import Backbone, Classifier
from training.networks.weights import Weights
from training.pictures import BATCH
from training.probe import LinearHead, fit_probe
from training.progress import Silent
from training.recipe import Monitor, Recipe
from training.tuning.judging import Logits, judge
from training.tuning.plan import Plan
from training.tuning.prepared import Prepared
from training.tuning.study import FIGURES, FOLDER, REASON, RECIPE

TRIALS = "trials"


def run_trial(trial: Trial, recipe: Recipe, plan: Plan, prepared: Prepared) -> float:
    """Tries `recipe`; returns what the search goes by.

    Raises:
        TrialPruned: others were better after as many epochs, or it came to nothing.
    """
    trial.set_user_attr(RECIPE, recipe.facts())
    # One that was broken off before goes on from its checkpoint.
    folder = plan.folder / TRIALS / str(trial.user_attrs.get(FOLDER, trial.number))
    trial.set_user_attr(FOLDER, folder.name)
    with _checkpoints_in(folder):
        try:
            logits = _logits(trial, recipe, plan, prepared, folder)
        except Diverged:
            raise _pruned(trial, "it diverged") from None
        except torch.OutOfMemoryError:
            raise _pruned(trial, "it wants more memory than there is") from None
    if not np.isfinite(logits).all():
        raise _pruned(trial, "it diverged")
    figures = judge(logits, np.array(plan.dataset.targets(plan.dataset.val)))
    trial.set_user_attr(FIGURES, asdict(figures))
    return float(getattr(figures, recipe.monitor))


@contextmanager
def _checkpoints_in(folder: Path) -> Iterator[None]:
    """Removes them in the end, unless the trial met what a person has to mend: then it is tried again, and
    goes on from them."""
    try:
        yield
    except (TrainingError, OSError):
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _logits(trial: Trial, recipe: Recipe, plan: Plan, prepared: Prepared, folder: Path) -> Logits:
    """Logits float32 [n, labels] of the pictures of val, none of which was learnt from."""
    dataset = plan.dataset
    if recipe.strategy == "probe":
        # Its head will learn from val as well: these are of heads that were each fitted without the picture.
        images = dataset.train + dataset.val
        targets, contents = np.array(dataset.targets(images)), [image.shown for image in images]
        fitted = fit_probe(prepared.features(recipe.architecture), targets, contents, recipe.seed)
        return fitted.held_out[len(dataset.train) :]
    if recipe.strategy == "zero-shot":
        from training.networks.clip import prompt_head

        weight, bias = prompt_head(recipe.architecture, Weights(True, recipe.weights), dataset.labels)
        head = LinearHead(weight.numpy(), bias.numpy())
        return head.logits(prepared.features(recipe.architecture)[len(dataset.train) :])
    return _learn(trial, recipe, plan, prepared, folder)


def _learn(trial: Trial, recipe: Recipe, plan: Plan, prepared: Prepared, folder: Path) -> Logits:
    dataset = plan.dataset
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(folder)

    def features(_: Backbone) -> NDArray[np.float32]:
        return prepared.features(recipe.architecture)[: len(dataset.train)]

    network = make_network(dataset, recipe, None if run.last else features)
    stored = prepared.pixels(network.backbone.anatomy.preprocessing)
    lightning.seed_everything(recipe.seed, verbose=False)
    fit(network, dataset, recipe, run, Silent(), stored=stored, watch=partial(_report, trial, recipe.monitor))
    return _answers(network, np.load(stored.val, mmap_mode="r"), recipe)


def _report(trial: Trial, monitor: Monitor, figures: Mapping[str, JsonValue]) -> None:
    value, epoch = float(str(figures[monitor])), int(str(figures["epoch"]))
    if epoch == 0:  # nothing of the recipe is in it yet
        return
    trial.report(value, epoch)
    if trial.should_prune():
        raise _pruned(trial, f"half of the others were better after epoch {epoch}")


def _answers(network: Classifier, pixels: NDArray[np.uint8], recipe: Recipe) -> Logits:
    """Logits float32 [n, labels] for pixels uint8 [n, size, size, 3]."""
    spec = network.backbone.anatomy.preprocessing
    device = None if recipe.device == "cpu" else torch.accelerator.current_accelerator(check_available=True)
    network.to(device or "cpu")
    rows = []
    with torch.inference_mode():
        for start in range(0, len(pixels), BATCH):
            images = torch.from_numpy(normalise(pixels[start : start + BATCH], spec))
            rows.append(network(images.to(device or "cpu"))[0].float().cpu().numpy())
    return np.concatenate(rows)


def _pruned(trial: Trial, reason: str) -> optuna.TrialPruned:
    trial.set_user_attr(REASON, reason)
    return optuna.TrialPruned(reason)
