"""Epochs: what is trained, what stays, when it stops, which weights are kept."""

import copy
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pytest
import torch
from sqlalchemy import Engine
from torch import nn
from torch.nn import functional

from backend.inference.bundle import Bundle, load_bundle
from backend.inference.manifest import Manifest
from backend.inference.preprocessing import normalise
from databases.schema import open_for_writing
from tests.drawing import draw_class_folders
from tests.training.learning.conftest import SMALL
from tests.training.making import Told, take_in
from training.dataset import Dataset, load_dataset
from training.errors import BadRecipe, Diverged, TrainingError, WeightsUnavailable
from training.exporting import golden_pixels
from training.learning.callbacks import Deadline
from training.learning.fit import Learnt, fit
from training.learning.learner import Learner
from training.learning.loaders import make_loaders
from training.learning.method import make_network
from training.learning.optimisation import RatePlan, freeze, make_optimiser
from training.learning.pixels import store_dataset
from training.learning.processes import Processes
from training.learning.runs import Run, begin_run, discard_runs, unfinished_run, working_on
from training.learning.trainer import make_trainer, without_chatter
from training.learning.weighting import class_weights
from training.methods import train
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.networks.weights import Weights
from training.pictures import read_pixels
from training.probing import features_of
from training.progress import Progress, Silent
from training.publishing import publish
from training.recipe import Monitor, Recipe, Strategy
from training.workshop import Workshop

pytestmark = pytest.mark.filterwarnings(
    # PyTorch calls that are getting old, made by Lightning and by the exporter.
    "ignore:.*LeafSpec:FutureWarning",
)
SILENT = Silent()
SCRATCH = Recipe(architecture="simple_cnn", strategy="scratch", epochs=5, seed=1, dropout=0.5)


def learn_and_publish(engine: Engine, bundles: Path, recipe: Recipe) -> Manifest:
    dataset = load_dataset(engine, "colours")
    trained = train(Workshop(engine, bundles, Silent()), dataset, recipe)
    assert trained is not None
    return publish(engine, bundles, dataset, trained, Silent())


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bundle, Bundle]]:
    """Two networks that were trained on the same pictures with the same seed."""
    folder = tmp_path_factory.mktemp("simple_cnn")
    engine = open_for_writing(f"sqlite:///{folder / 'images.db'}")
    take_in(engine, draw_class_folders(folder / "pictures", per_label=8))
    manifests = [learn_and_publish(engine, folder / "bundles", SCRATCH) for _ in range(2)]
    first, second = (load_bundle(folder / "bundles" / manifest.version) for manifest in manifests)
    yield first, second
    engine.dispose()


def test_colours_are_learnt(twins: tuple[Bundle, Bundle]) -> None:
    metrics = twins[0].manifest.metrics
    assert metrics is not None
    assert metrics.accuracy == 1


def test_the_same_seed_gives_the_same_network(twins: tuple[Bundle, Bundle]) -> None:
    first, second = (twin.manifest for twin in twins)
    assert first.training == second.training
    assert (first.metrics, first.thresholds) == (second.metrics, second.thresholds)
    assert (first.version, second.version) == ("colours-1", "colours-2")
    images = normalise(golden_pixels(first.preprocessing.size), first.preprocessing)
    np.testing.assert_allclose(
        twins[0].model.run(images).logits, twins[1].model.run(images).logits, atol=1e-5
    )


def test_a_bundle_says_how_it_came_about(twins: tuple[Bundle, Bundle]) -> None:
    manifest = twins[0].manifest
    facts = manifest.training
    assert (facts["architecture"], facts["strategy"], facts["seed"]) == ("simple_cnn", "scratch", 1)
    history = facts["history"]
    assert isinstance(history, list)
    assert len(history) == 5
    assert all(
        set(row)
        == {
            "epoch",
            *(f"{split}_{name}" for split in ("train", "val") for name in ("loss", "accuracy", "f1")),
        }
        for row in history
        if isinstance(row, dict)
    )
    assert manifest.calibration.fitted_on == "val"
    assert manifest.embedder == manifest.files["model.onnx"]
    assert not manifest.outputs.animal_logit
    assert manifest.novelty is not None
    assert manifest.novelty.pictures < manifest.novelty.references  # val against train


def test_finetuning_changes_the_top_blocks_and_the_head_only(
    dataset: Dataset, small_weights: Path, engine: Engine, bundles: Path
) -> None:
    recipe = Recipe(
        architecture=SMALL,
        strategy="finetune",
        weights=small_weights,
        unfreeze=2,
        epochs=2,
        learning_rate=0.01,
    )
    workshop = Workshop(engine, bundles, Silent())
    trained = train(workshop, dataset, recipe)
    assert trained is not None
    assert isinstance(trained.module, Classifier)
    before = torch.load(small_weights, weights_only=True)
    depths = trained.module.backbone.depths()
    for name, value in trained.module.backbone.body.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        trained_here = depths.get(f"body.{name}", 99) < 2
        assert torch.equal(value, before[name]) != trained_here, name
    unfinished = unfinished_run(workshop.runs, "colours", dataset.fingerprint)
    assert unfinished.last is not None  # until it is published


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("strategy", ["finetune", "full"])
def test_norms_keep_their_statistics_in_finetuning_alone_whatever_mode_they_were_in(
    strategy: Strategy, training: bool, dataset: Dataset, small_weights: Path, tmp_path: Path
) -> None:
    recipe = Recipe(architecture=SMALL, strategy=strategy, weights=small_weights, device="cpu")
    backbone = build_backbone(SMALL, Weights(True, small_weights))
    network = Classifier(backbone, len(dataset.labels), dropout=0, cosine=True).train(training)
    before = copy.deepcopy(network.state_dict())
    stored = store_dataset(dataset, backbone.anatomy.preprocessing, tmp_path, Silent())
    loader, _ = make_loaders(network, dataset, stored, recipe, Processes())
    with without_chatter():
        trainer = make_trainer(recipe, Processes(), [], max_epochs=1, enable_checkpointing=False)
        trainer.fit(Learner(network, recipe, None), loader)
    means = [name for name in before if name.endswith("running_mean")]
    assert means
    for name in means:
        assert torch.equal(network.state_dict()[name], before[name]) == (strategy == "finetune"), name


def pretrained(dataset: Dataset, weights: Path) -> tuple[Recipe, Classifier]:
    """A recipe that ruins what it begins with, and what it begins with."""
    recipe = Recipe(
        architecture=SMALL,
        strategy="finetune",
        weights=weights,
        epochs=2,
        learning_rate=100,
        clip=1e9,
        warmup=0,
    )
    network = make_network(dataset, recipe, lambda backbone: features_of(backbone, dataset.train, Silent()))
    return recipe, network


def test_a_head_that_was_fitted_stays_where_no_epoch_is_better(
    dataset: Dataset, small_weights: Path, bundles: Path
) -> None:
    recipe, network = pretrained(dataset, small_weights)
    before = copy.deepcopy(network.state_dict())
    run = begin_run(bundles, "colours", recipe, dataset.fingerprint)
    learnt = fit(network, dataset, recipe, run, Silent())
    start, *epochs = learnt.history
    assert (start["epoch"], learnt.best_epoch, len(epochs)) == (0, 0, 2)
    assert set(start) == {"epoch", "val_loss", "val_accuracy", "val_f1"}
    assert all(not float(str(row["val_loss"])) <= float(str(start["val_loss"])) for row in epochs)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    _, other = pretrained(dataset, small_weights)
    nn.init.zeros_(other.head.weight)  # as after a kill: the checkpoint brings all
    assert fit(other, dataset, recipe, run, Silent()) == learnt
    assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())


def test_a_head_that_stays_learns_from_val_too(
    dataset: Dataset, small_weights: Path, engine: Engine, bundles: Path
) -> None:
    recipe, _ = pretrained(dataset, small_weights)
    workshop = Workshop(engine, bundles, Silent())
    stayed = train(workshop, dataset, recipe)
    probe = train(workshop, dataset, Recipe(architecture=SMALL, strategy="probe", weights=small_weights))
    assert stayed is not None
    assert probe is not None
    assert (stayed.facts["strategy"], stayed.facts["best_epoch"]) == ("finetune", 0)
    assert (stayed.embedder, stayed.facts["strength"]) == (probe.embedder, probe.facts["strength"])
    assert stayed.held_out is not None
    assert len(stayed.held_out.targets) == len(dataset.train + dataset.val)
    for name, value in probe.module.state_dict().items():
        torch.testing.assert_close(stayed.module.state_dict()[name], value, rtol=1e-2, atol=1e-3)


def test_all_of_it_is_trained_on_request_with_everything_else_switched_on(
    dataset: Dataset, small_weights: Path, engine: Engine, bundles: Path
) -> None:
    recipe = Recipe(
        architecture=SMALL,
        strategy="full",
        weights=small_weights,
        epochs=2,
        optimiser="sgd",
        schedule="plateau",
        augmentation="strong",
        mixup=0.2,
        cutmix=1.0,
        smoothing=0.1,
        ema=0.9,
        class_weights="balanced",
        balanced_sampling=True,
        monitor="val_f1",
        time_limit=1000,
    )
    trained = train(Workshop(engine, bundles, Silent()), dataset, recipe)
    assert trained is not None
    history = trained.facts["history"]
    assert isinstance(history, list)
    assert [row["epoch"] for row in history if isinstance(row, dict)] == [0, 1, 2]
    assert trained.facts["mixup"] == 0.2


def run_epochs(dataset: Dataset, recipe: Recipe) -> Learnt:
    network = Classifier(build_backbone("simple_cnn"), len(dataset.labels), dropout=0.5, cosine=False)
    return fit(network, dataset, recipe, None, Silent())


def misled(dataset: Dataset) -> Dataset:
    """The same, but the labels of val are wrong: the better one learns, the worse it looks."""
    other = {"red": "green", "green": "blue", "blue": "red"}
    return replace(dataset, val=tuple(replace(one, label=other[str(one.label)]) for one in dataset.val))


def test_training_stops_when_val_stops_getting_better_and_the_best_is_kept(dataset: Dataset) -> None:
    told = Told()
    recipe = SCRATCH.model_copy(update={"epochs": 60, "patience": 3})
    network = Classifier(build_backbone("simple_cnn"), len(dataset.labels), dropout=0.5, cosine=False)
    learnt = fit(network, misled(dataset), recipe, None, told)
    assert told.lines[-2] == "stopped early: 3 epochs without a better val loss (--patience)"
    assert told.lines[-1] == f"epoch {learnt.best_epoch} was the best: its weights are kept"
    losses = [float(str(row["val_loss"])) for row in learnt.history]
    assert len(losses) < 60
    assert learnt.best_epoch == 1 + losses.index(min(losses)) == len(losses) - 3


def go_on(
    dataset: Dataset, recipe: Recipe, run: Run, progress: Progress = SILENT
) -> tuple[Learnt, torch.Tensor]:
    """What a run comes to, and the head that was kept."""
    network = Classifier(build_backbone("simple_cnn"), len(dataset.labels), dropout=0.5, cosine=False)
    return fit(network, dataset, recipe, run, progress), network.head.weight


def test_a_run_that_had_stopped_early_learns_no_more_when_it_is_resumed(
    dataset: Dataset, bundles: Path
) -> None:
    recipe = SCRATCH.model_copy(update={"epochs": 60, "patience": 2, "monitor": "val_accuracy"})
    run = begin_run(bundles, "colours", recipe, dataset.fingerprint)
    told = Told()
    first, weights = go_on(dataset, recipe, run)
    again, same_weights = go_on(dataset, recipe, run, told)
    assert told.lines[0] == f"going on after epoch {len(first.history)} of 60"
    assert len(first.history) < 60
    assert again == first
    assert torch.equal(weights, same_weights)


def test_a_run_that_was_moved_goes_on_and_keeps_its_best_epoch(dataset: Dataset, bundles: Path) -> None:
    recipe = SCRATCH.model_copy(update={"epochs": 4, "patience": 60, "schedule": "constant"})
    run = begin_run(bundles, "colours", recipe, dataset.fingerprint)
    before, weights = go_on(misled(dataset), recipe, run)
    moved = bundles.rename(bundles.with_name("moved"))
    run = Run(moved / "colours" / run.folder.name)
    after, same_weights = go_on(misled(dataset), recipe.model_copy(update={"epochs": 6}), run)
    assert (len(before.history), len(after.history)) == (4, 6)
    assert before.best_epoch == after.best_epoch < 4
    assert torch.equal(weights, same_weights)
    assert not bundles.exists()


def test_the_weights_that_are_kept_are_those_that_were_measured(dataset: Dataset) -> None:
    recipe = SCRATCH.model_copy(update={"ema": 0.9})
    network = Classifier(build_backbone("simple_cnn"), len(dataset.labels), dropout=0.5, cosine=False)
    learnt = fit(network, dataset, recipe, None, Silent())
    spec = network.backbone.anatomy.preprocessing
    images = torch.from_numpy(normalise(read_pixels(dataset.val, spec, lambda _: None), spec))
    with torch.inference_mode():
        loss = functional.cross_entropy(network(images)[0], torch.tensor(dataset.targets(dataset.val)))
    assert learnt.history[learnt.best_epoch - 1]["val_loss"] == pytest.approx(float(loss), rel=1e-4)


def test_a_time_limit_plans_fewer_epochs(dataset: Dataset) -> None:
    learnt = run_epochs(
        dataset, SCRATCH.model_copy(update={"epochs": 5000, "patience": 5000, "time_limit": 1.0})
    )
    assert 1 <= len(learnt.history) < 500


def test_a_resumption_has_no_more_epochs_than_were_planned_for_the_time(
    dataset: Dataset, bundles: Path
) -> None:
    recipe = SCRATCH.model_copy(update={"epochs": 40, "time_limit": 1e-3})
    run = begin_run(bundles, "colours", recipe, dataset.fingerprint)
    told = Told()
    whole, head = go_on(dataset, recipe, run)
    again, same_head = go_on(dataset, recipe, run, told)
    assert len(whole.history) == 1
    assert told.lines[0] == "going on after epoch 1 of 1"
    assert again == whole
    assert torch.equal(head, same_head)


def test_the_time_that_was_spent_before_a_resumption_counts() -> None:
    killed, resumed = (lightning.Trainer(max_epochs=epochs, logger=False) for epochs in (7, 40))
    spent_before, spent_in_all = dict[str, Any](), dict[str, Any]()
    of_nobody, now = lightning.LightningModule(), time.monotonic()
    Deadline(600, begun=now - 500).on_save_checkpoint(killed, of_nobody, spent_before)
    deadline = Deadline(600, begun=now)
    deadline.on_load_checkpoint(resumed, of_nobody, spent_before)
    deadline.on_save_checkpoint(resumed, of_nobody, spent_in_all)
    assert resumed.max_epochs == 7
    assert spent_in_all["deadline"]["spent"] >= 500


def test_rates_fall_with_depth_and_biases_do_not_decay() -> None:
    network = Classifier(build_backbone("resnet18"), 3, dropout=0, cosine=True)
    recipe = Recipe(
        architecture="resnet18", strategy="finetune", unfreeze=2, learning_rate=1.0, block_decay=0.5
    )
    still = freeze(network, recipe)
    rates = {(group["lr"], group["weight_decay"]) for group in make_optimiser(network, recipe).param_groups}
    assert rates == {(rate, decay) for rate in (1.0, 0.1, 0.05) for decay in (0.0, 0.01)}
    assert all(module in still for module in network.modules() if isinstance(module, nn.BatchNorm2d))
    scratch = Recipe(architecture="resnet18", strategy="scratch", learning_rate=1.0)
    fresh = Classifier(build_backbone("resnet18"), 3, dropout=0, cosine=False)
    assert freeze(fresh, scratch) == []
    assert {group["lr"] for group in make_optimiser(fresh, scratch).param_groups} == {1.0}


def test_the_rate_rises_and_falls_within_the_steps_that_are_planned() -> None:
    cosine = RatePlan("cosine", 100, 0.1)
    assert [round(cosine(step), 3) for step in (0, 9, 10, 55, 100)] == [0.1, 1.0, 1.0, 0.5, 0.0]
    cosine.steps = 50
    assert (cosine(4), cosine(50)) == (1, 0)
    assert [RatePlan("step", 100, 0)(step) for step in (0, 60, 85)] == pytest.approx([1, 0.1, 0.01])
    assert RatePlan("constant", 100, 0)(99) == 1


def test_weights_of_labels_are_given_or_inverse_to_how_often_they_occur() -> None:
    targets = torch.tensor([0, 0, 0, 1])
    balanced = class_weights(Recipe(class_weights="balanced"), ("a", "b"), targets)
    torch.testing.assert_close(balanced, torch.tensor([4 / 6, 4 / 2]))
    given = class_weights(Recipe(class_weights={"b": 3}), ("a", "b"), targets)
    torch.testing.assert_close(given, torch.tensor([1.0, 3.0]))
    with pytest.raises(BadRecipe, match="class weights name 'c'; the labels are: a, b"):
        class_weights(Recipe(class_weights={"c": 3}), ("a", "b"), targets)


def loss_of(recipe: Recipe, weights: torch.Tensor | None = None) -> float:
    """Of the same four pictures of two labels by the same network."""
    torch.manual_seed(0)
    network = Classifier(build_backbone("simple_cnn"), 2, dropout=0, cosine=False)
    pixels = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8)
    learner = Learner(network, recipe, weights).eval()
    return float(learner.training_step((pixels, torch.tensor([0, 0, 0, 1]))).detach())


def test_logits_have_all_their_bits_where_the_backbone_has_half() -> None:
    network = Classifier(build_backbone("simple_cnn"), 3, dropout=0, cosine=False)
    pixels = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        learner = Learner(network, SCRATCH, None).eval()
        assert network(pixels * learner.scale + learner.shift)[0].dtype == torch.bfloat16
        logits = learner(pixels)
    assert logits.dtype == torch.float32
    assert not torch.equal(logits, logits.bfloat16().float())


def test_the_loss_goes_by_the_weights_of_labels_and_by_what_is_mixed() -> None:
    plain = loss_of(SCRATCH)
    of_first, of_second = (loss_of(SCRATCH, torch.tensor(one)) for one in ([1.0, 0.0], [0.0, 1.0]))
    assert (3 * of_first + of_second) / 4 == pytest.approx(plain)
    assert of_first != pytest.approx(of_second)
    for name in ("mixup", "cutmix", "smoothing"):
        assert loss_of(SCRATCH.model_copy(update={name: 0.5})) != pytest.approx(plain), name


def test_a_run_goes_on_only_with_the_weights_that_it_began_with(bundles: Path, small_weights: Path) -> None:
    recipe = Recipe(architecture=SMALL, strategy="finetune", weights=small_weights)
    run = begin_run(bundles, "colours", recipe, "f1")
    run.check_weights()
    content = small_weights.read_bytes()
    small_weights.write_bytes(content + b"other")
    with pytest.raises(WeightsUnavailable, match="are others than those that this training began with"):
        run.check_weights()
    small_weights.unlink()
    with pytest.raises(WeightsUnavailable, match="are gone from"):
        run.check_weights()
    begin_run(bundles, "colours", SCRATCH, "f1").check_weights()


def test_a_run_is_found_again_unless_the_pictures_changed_or_another_works_on_it(bundles: Path) -> None:
    with pytest.raises(TrainingError, match="no unfinished training of 'colours'"):
        unfinished_run(bundles, "colours", "f1")
    run = begin_run(bundles, "colours", SCRATCH, "f1")
    assert unfinished_run(bundles, "colours", "f1") == run
    assert run.recipe == SCRATCH
    with pytest.raises(TrainingError, match="have changed since"):
        unfinished_run(bundles, "colours", "f2")
    other = begin_run(bundles, "colours", SCRATCH, "f1")
    with working_on(run):
        with pytest.raises(TrainingError, match="another process works on"), working_on(run):
            pass
        discard_runs(bundles, "colours", other)
        assert [folder.name for folder in (bundles / "colours").iterdir()] == [run.folder.name]
    discard_runs(bundles, "colours", run)
    assert list((bundles / "colours").iterdir()) == []


def test_a_run_is_held_until_its_model_is_published(dataset: Dataset, engine: Engine, bundles: Path) -> None:
    workshop = Workshop(engine, bundles, Silent())
    trained = train(workshop, dataset, SCRATCH.model_copy(update={"epochs": 1}))
    assert trained is not None
    assert trained.run is not None
    with pytest.raises(TrainingError, match="another process works on"), working_on(trained.run):
        pass
    with trained.held:
        manifest = publish(engine, bundles, dataset, trained, Silent(), named=trained.run.note_version)
        assert trained.run.version == manifest.version
    with working_on(trained.run):
        pass


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
def test_what_diverged_is_not_published_and_leaves_nothing_to_resume(
    engine: Engine, dataset: Dataset, tmp_path: Path, monitor: Monitor
) -> None:
    workshop = Workshop(engine, tmp_path / "bundles", Silent())
    recipe = SCRATCH.model_copy(update={"optimiser": "sgd", "learning_rate": 1e6, "monitor": monitor})
    with pytest.raises(Diverged, match=r"no number any more after epoch \d, .* a guess .* --lr below 1e\+06"):
        train(workshop, dataset, recipe)
    with pytest.raises(TrainingError, match="no unfinished training"):
        unfinished_run(workshop.runs, "colours", dataset.fingerprint)


def test_a_good_epoch_before_one_that_diverged_is_kept(dataset: Dataset, small_weights: Path) -> None:
    told = Told()
    recipe = Recipe(
        architecture=SMALL,
        strategy="finetune",
        weights=small_weights,
        epochs=3,
        optimiser="sgd",
        learning_rate=1e12,
        clip=1e12,
        seed=1,
    )
    network = make_network(dataset, recipe, partial(features_of, images=dataset.train, progress=Silent()))
    before = copy.deepcopy(network.state_dict())
    learnt = fit(network, dataset, recipe, None, told)
    assert learnt.best_epoch == 0
    assert any("the best epoch before is kept; --lr below 1e+12" in line for line in told.lines)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
