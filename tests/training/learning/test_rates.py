"""The search for a learning rate: what it sees, what it leaves alone, what it comes to."""

import copy
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from sqlalchemy import Engine

from tests.training.learning.conftest import SMALL
from tests.training.making import Told
from training.dataset import Dataset
from training.errors import BadRecipe
from training.learning.learner import Learner
from training.learning.loaders import make_loaders
from training.learning.pixels import Stored, store_dataset
from training.learning.processes import Processes
from training.learning.rates import HIGHEST, LOWEST, MARGIN, STEPS, Rising, Tried, find_rate
from training.learning.runs import unfinished_run
from training.learning.trainer import make_trainer, without_chatter
from training.methods import check_recipe, train
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.networks.weights import Weights
from training.progress import Silent
from training.recipe import Recipe, make_recipe
from training.workshop import Workshop

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
RECIPE = Recipe(architecture="simple_cnn", strategy="scratch", epochs=2, seed=1, find_lr=True, device="cpu")


@pytest.fixture
def network(dataset: Dataset) -> Classifier:
    torch.manual_seed(0)
    return Classifier(build_backbone("simple_cnn"), len(dataset.labels), dropout=0.5, cosine=False)


@pytest.fixture
def stored(dataset: Dataset, network: Classifier, tmp_path: Path) -> Stored:
    return store_dataset(dataset, network.backbone.anatomy.preprocessing, tmp_path, Silent())


def find(network: Classifier, dataset: Dataset, stored: Stored, recipe: Recipe) -> tuple[float, str]:
    """The rate that was found, and what was said of it."""
    told = Told()
    with without_chatter():
        found = find_rate(network, dataset, stored, recipe, told)
    assert found == recipe.model_copy(update={"learning_rate": found.learning_rate, "find_lr": False})
    (line,) = told.lines
    return found.learning_rate, line


def test_it_finds_the_same_by_the_same_seed_from_train_pictures_alone_and_leaves_the_network_as_it_was(
    network: Classifier, dataset: Dataset, stored: Stored
) -> None:
    before = copy.deepcopy(network.state_dict())
    found, line = find(network, dataset, stored, RECIPE)
    assert MARGIN * LOWEST < found < MARGIN * HIGHEST
    assert line.startswith(f"learning rate {found:.2g}: tried 1e-06 to ")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    stored.val.unlink()
    assert find(network, replace(dataset, val=(), test=()), stored, RECIPE) == (found, line)


def test_a_time_limit_makes_the_rates_rise_faster(
    network: Classifier, dataset: Dataset, stored: Stored
) -> None:
    limited = RECIPE.model_copy(update={"time_limit": 1e-6})
    found, line = find(network, dataset, stored, limited)
    assert found == RECIPE.learning_rate  # two steps show nothing
    assert "as it was: tried 1e-06 to 1 in 2 steps on train pictures, too few to tell" in line


def test_blocks_keep_their_share_of_the_rate(dataset: Dataset, small_weights: Path, tmp_path: Path) -> None:
    recipe = Recipe(
        architecture=SMALL,
        strategy="finetune",
        unfreeze=2,
        backbone_rate=0.1,
        block_decay=0.9,
        schedule="constant",
        warmup=0,
    )
    backbone = build_backbone(SMALL, Weights(True, small_weights))
    network = Classifier(backbone, len(dataset.labels), dropout=0, cosine=True)
    stored = store_dataset(dataset, backbone.anatomy.preprocessing, tmp_path, Silent())
    learner, untouched = (Learner(copy.deepcopy(network), recipe, None) for _ in range(2))
    seen: list[list[float]] = []

    class Spy(lightning.Callback):
        def on_train_batch_start(self, trainer: lightning.Trainer, *_: Any) -> None:
            seen.append([group["lr"] for group in trainer.optimizers[0].param_groups])

    rising = Rising(untouched, None, lambda _: None)
    train, _ = make_loaders(network, dataset, stored, recipe, Processes())
    with without_chatter():
        make_trainer(
            recipe, Processes(), [rising, Spy()], max_epochs=-1, max_steps=4, enable_checkpointing=False
        ).fit(learner, train)
    tops = [max(rates) for rates in seen]
    assert tops == pytest.approx([LOWEST * (HIGHEST / LOWEST) ** (n / (STEPS - 1)) for n in range(4)])
    shares = [sorted({round(rate / top, 6) for rate in rates}) for rates, top in zip(seen, tops, strict=True)]
    assert shares == [[0.09, 0.1, 1.0]] * 4  # the second block's, the top block's, the head's


@pytest.mark.parametrize(
    ("gains", "best"),
    [
        ([0.0] * 9 + [0.1, 0.5, 0.5, -9.0], 1e-1),
        ([0.0] * 9 + [0.2, math.nan], 1e-3),
        ([-0.1] * 12, None),
        ([math.nan] * 12, None),
        ([0.1] * 9, None),
    ],
)
def test_the_best_rate_is_where_most_was_gained_on_the_average(
    gains: list[float], best: float | None
) -> None:
    tried = Tried()
    for number, gain in enumerate(gains):
        tried.add(10.0 ** (number - 12), 1.0, 1.0 - gain)
    assert tried.best == best


def test_it_is_over_when_it_does_harm() -> None:
    tried = Tried()
    for after, over in [(1.05, False), (0.9, False), (0.2, False), (1.1, False), (9.0, True), (0.2, True)]:
        tried.add(1e-3, 1.0, after)
        assert tried.over == over
    assert not tried.too_few
    hurried = Tried([1e-3], [0.1])
    assert hurried.too_few
    lost = Tried()
    lost.add(1e-3, 1.0, math.inf)
    assert lost.over


def test_what_was_trained_says_the_rate_and_is_trained_again_by_it(
    dataset: Dataset, engine: Engine, bundles: Path
) -> None:
    workshop = Workshop(engine, bundles, Silent())
    trained = train(workshop, dataset, RECIPE)
    assert trained is not None
    facts = trained.facts
    assert facts["learning_rate"] != RECIPE.learning_rate
    assert facts["find_lr"] is False
    recipe = make_recipe({name: facts[name] for name in Recipe.model_fields}, "the manifest")
    assert unfinished_run(workshop.runs, "colours", dataset.fingerprint).recipe == recipe
    again = train(workshop, dataset, recipe)
    assert again is not None
    assert again.facts == facts


@pytest.mark.parametrize(
    ("architecture", "strategy"), [("efficientnet_lite0", "probe"), ("clip:some", "zero-shot")]
)
def test_a_strategy_without_a_rate_is_refused(architecture: str, strategy: Any) -> None:
    with pytest.raises(BadRecipe, match=f"--find-lr is of the epochs, and '{strategy}' has none: say"):
        check_recipe(Recipe(architecture=architecture, strategy=strategy, find_lr=True))
