"""What a recipe asks for happens: each test fails where the option is taken no notice of."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from training.dataset import Dataset
from training.learning.fit import fit
from training.learning.learner import Learner
from training.learning.loaders import make_loaders
from training.learning.optimisation import MOMENTUM, PLATEAU_FACTOR, WAITS
from training.learning.pixels import Places, store_dataset
from training.learning.processes import Processes
from training.learning.runs import Run, begin_run
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.progress import Silent
from training.recipe import Recipe

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
STEADY = Recipe(
    architecture="simple_cnn",
    strategy="scratch",
    schedule="constant",
    warmup=0,
    dropout=0,
    augmentation="none",
    patience=100,
)


def network() -> Classifier:
    torch.manual_seed(0)
    return Classifier(build_backbone("simple_cnn"), 3, dropout=0, cosine=False)


def checkpoint_after(epochs: int, dataset: Dataset, recipe: Recipe, run: Run) -> dict[str, Any]:
    """What is kept of a run that has so many epochs behind it; one that had fewer goes on."""
    fit(network(), dataset, recipe.model_copy(update={"epochs": epochs}), run, Silent())
    assert run.last is not None
    return dict(torch.load(str(run.last), weights_only=True))


def test_the_moving_average_keeps_its_decay_of_what_it_was_at_each_step(
    dataset: Dataset, bundles: Path
) -> None:
    recipe = STEADY.model_copy(update={"ema": 0.75})
    run = begin_run(bundles, "colours", recipe, dataset.fingerprint)
    first, second = (checkpoint_after(epochs, dataset, recipe, run) for epochs in (1, 2))
    assert (first["global_step"], second["global_step"]) == (1, 2)
    current = second["current_model_state"]
    for name, _ in network().named_parameters(prefix="network"):
        average, before = second["state_dict"][name], first["state_dict"][name]
        torch.testing.assert_close(average, 0.75 * before + 0.25 * current[name])
    assert not torch.equal(second["state_dict"]["network.head.weight"], current["network.head.weight"])


@pytest.mark.parametrize("stuck", [True, False])
def test_on_a_plateau_the_rate_falls_only_where_the_metric_has_stopped(
    stuck: bool, dataset: Dataset, bundles: Path
) -> None:
    # With the one rate no answer changes; PyTorch leaves rates alone that would change by less than 1e-8.
    rate, monitor = (1e-7, "val_accuracy") if stuck else (1e-3, "val_loss")
    recipe = STEADY.model_copy(update={"schedule": "plateau", "learning_rate": rate, "monitor": monitor})
    run = begin_run(bundles, "colours", recipe, dataset.fingerprint)
    rates = [
        checkpoint_after(epochs, dataset, recipe, run)["optimizer_states"][0]["param_groups"][0]["lr"]
        for epochs in (1 + WAITS, 2 + WAITS)
    ]
    assert rates == pytest.approx([rate, rate * PLATEAU_FACTOR if stuck else rate], rel=1e-6, abs=0)


def test_no_step_is_longer_than_the_longest_gradient_allows(dataset: Dataset) -> None:
    def moved(clip: float) -> float:
        recipe = STEADY.model_copy(
            update={"clip": clip, "optimiser": "sgd", "learning_rate": 1.0, "weight_decay": 0.0, "epochs": 1}
        )
        trained = network()
        before = [one.detach().clone() for one in trained.parameters()]
        fit(trained, dataset, recipe, None, Silent())
        steps = [(now.detach() - then).norm() for now, then in zip(trained.parameters(), before, strict=True)]
        return float(torch.stack(steps).norm())

    # The first step of Nesterov's momentum is 1 + 0.9 gradients long.
    assert moved(clip=0.01) == pytest.approx(0.01 * (1 + MOMENTUM), rel=0.02)
    assert moved(clip=1e9) > 0.1


@pytest.mark.parametrize(("balanced", "rarest"), [(True, 1 / 3), (False, 1 / 7)])
def test_balanced_sampling_brings_each_label_as_often(
    balanced: bool, rarest: float, dataset: Dataset, tmp_path: Path
) -> None:
    most = {"red": 5, "green": 1, "blue": 1}
    kept = [[one for one in dataset.train if one.label == label][:n] for label, n in most.items()]
    uneven = replace(dataset, train=tuple(one for some in kept for one in some))
    recipe = STEADY.model_copy(update={"balanced_sampling": balanced})
    learner = network()
    stored = store_dataset(uneven, learner.backbone.anatomy.preprocessing, tmp_path, Silent())
    loader, _ = make_loaders(learner, uneven, stored, recipe, Processes())
    assert isinstance(loader.sampler, Places)
    drawn = torch.zeros(3)
    for epoch in range(60):
        loader.sampler.set_epoch(epoch)
        for _, targets in loader:
            drawn += torch.bincount(targets, minlength=3)
    share = drawn / drawn.sum()
    for label in ("green", "blue"):
        assert float(share[dataset.labels.index(label)]) == pytest.approx(rarest, abs=0.07)


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_labels_are_mixed_as_pixels_are(kind: str) -> None:
    trained = network()
    learner = Learner(trained, STEADY.model_copy(update={kind: 1.0}), None).eval()
    shown: list[Tensor] = []
    said: list[Tensor] = []
    trained.backbone.register_forward_hook(lambda _, given, __: shown.append(given[0].detach()))
    trained.head.register_forward_hook(lambda _, __, made: said.append(made.detach()))
    pixels = torch.stack([torch.full((3, 64, 64), value, dtype=torch.uint8) for value in (0, 255)])
    whites = []
    for seed in range(8):
        torch.manual_seed(seed)
        loss = learner.training_step((pixels, torch.tensor([0, 1])))
        images, logits = shown[-1], said[-1]
        white = ((images - learner.shift) / learner.scale / 255).mean(dim=(1, 2, 3))
        targets = torch.stack([1 - white, white, torch.zeros(2)], dim=1)
        torch.testing.assert_close(loss.detach(), nn.functional.cross_entropy(logits, targets))
        whites += white.tolist()
    assert sum(0.1 < white < 0.9 for white in whites) > 4
