"""What is kept of a training under way, on a disk and in a store: how it is found, and whose it is."""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
from pydantic import JsonValue

from databases.places import Place, RemoteFile
from tests.object_store import Bucket
from training.dataset import Dataset
from training.errors import TakenOver, TrainingError
from training.learning import loaders
from training.learning.callbacks import Watch
from training.learning.checkpoints import WholeFiles
from training.learning.fit import Learnt, fit
from training.learning.run import LAST, Run
from training.learning.runs import begin_run, discard_runs, run_of_job, unfinished_run, working_on
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.progress import Silent
from training.recipe import Recipe

SCRATCH = Recipe(
    architecture="simple_cnn", strategy="scratch", epochs=4, seed=1, dropout=0.5, schedule="constant"
)


@pytest.fixture(params=["on a disk", "in a store"])
def runs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where runs lie."""
    if request.param == "on a disk":
        yield tmp_path / "runs"
    else:
        bucket: Bucket = request.getfixturevalue("bucket")
        yield RemoteFile(f"{bucket.url}/runs")


def finish_an_epoch(run: Run) -> None:
    WholeFiles().save_checkpoint({"epoch": 1}, str(run.folder / LAST))


def test_a_job_finds_its_own_run_again(runs: Place) -> None:
    begin_run(runs, "colours", SCRATCH, "f1")
    run = begin_run(runs, "colours", SCRATCH, "f1", "one")
    assert run_of_job(runs, "colours", SCRATCH, "f1", "one") == run
    other = SCRATCH.model_copy(update={"seed": 2})
    assert run_of_job(runs, "colours", other, "f1", "one") is None
    assert run_of_job(runs, "colours", SCRATCH, "f2", "one") is None
    assert run_of_job(runs, "colours", SCRATCH, "f1", "two") is None
    assert run_of_job(runs, "colours", SCRATCH, "f1", None) is None


def test_a_job_finds_its_run_by_the_recipe_that_it_was_asked_for(runs: Place) -> None:
    asked = SCRATCH.model_copy(update={"find_lr": True})
    run = begin_run(runs, "colours", asked, "f1", "one")
    run.note(SCRATCH)  # with the rate that was found
    found = run_of_job(runs, "colours", asked, "f1", "one")
    assert found is not None
    assert found.recipe == SCRATCH


def test_a_run_that_came_to_a_bundle_is_known_to_its_job_alone(runs: Place) -> None:
    run = begin_run(runs, "colours", SCRATCH, "f1", "one")
    finish_an_epoch(run)
    run.note_version("colours-1")
    assert unfinished_run(runs, "colours", "f1") == run  # as long as the bundle is not registered
    with pytest.raises(TrainingError, match="no unfinished training of 'colours'"):
        unfinished_run(runs, "colours", "f1", {"colours-1"})
    discard_runs(runs, "colours", run, keep_notes=True)
    found = run_of_job(runs, "colours", SCRATCH, "f1", "one")
    assert found is not None
    assert (found.version, found.last) == ("colours-1", None)
    discard_runs(runs, "colours", run)
    assert run_of_job(runs, "colours", SCRATCH, "f1", "one") is None


def test_an_error_before_the_first_epoch_leaves_nothing(runs: Place) -> None:
    run = begin_run(runs, "colours", SCRATCH, "f1")
    with pytest.raises(ZeroDivisionError), working_on(run):
        raise ZeroDivisionError
    with pytest.raises(TrainingError, match="no unfinished training"):
        unfinished_run(runs, "colours", "f1")
    run = begin_run(runs, "colours", SCRATCH, "f1")
    finish_an_epoch(run)
    with pytest.raises(ZeroDivisionError), working_on(run):
        raise ZeroDivisionError
    assert unfinished_run(runs, "colours", "f1") == run


def test_who_comes_to_a_model_leaves_what_others_may_go_on_with(tmp_path: Path) -> None:
    done, stopped, old, left, begun = (begin_run(tmp_path, "colours", SCRATCH, "f1") for _ in range(5))
    for run in (done, stopped, old):
        finish_an_epoch(run)
    two_hours_ago, long_ago = ((0, time.time() - seconds) for seconds in (7_200, 15 * 86_400))
    for path, then in ((old.last, long_ago), (old.folder, long_ago), (left.folder, two_hours_ago)):
        os.utime(str(path), times=then)
    discard_runs(tmp_path, "colours", done)
    assert set((tmp_path / "colours").iterdir()) == {stopped.folder, begun.folder}  # that is soon held
    with working_on(begun):
        os.utime(str(begun.folder), times=two_hours_ago)
        discard_runs(tmp_path, "colours")
        assert begun.fingerprint == "f1"
    discard_runs(tmp_path, "colours")  # a probe has no run
    assert unfinished_run(tmp_path, "colours", "f1") == stopped


def test_decoded_pictures_of_killed_processes_go(dataset: Dataset, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    run = begin_run(runs, "colours", SCRATCH, "f1")
    for rank in (0, 3):
        leave_pixels(run, rank)
    learn(dataset, 1, run)
    assert [folder.name for folder in runs.glob("colours/*/*/")] == ["pixels-3"]
    os.utime(str(run.folder), times=(0, time.time() - 7_200))
    discard_runs(runs, "colours")
    assert list(runs.glob("colours/*/*/")) == []
    assert run.last is not None


def leave_pixels(run: Run, rank: int) -> None:
    """As a process does that is killed."""
    assert isinstance(run.folder, Path)
    folder = run.folder / f"pixels-{rank}"
    folder.mkdir()
    (folder / "train.npy").write_bytes(b"pixels")


def test_in_a_store_who_comes_later_takes_a_run_over(bucket: Bucket) -> None:
    runs = RemoteFile(f"{bucket.url}/runs")
    run = begin_run(runs, "colours", SCRATCH, "f1")
    with working_on(run) as first:
        first.check_claim()
        with working_on(run) as second:
            second.check_claim()
        with pytest.raises(TakenOver, match="another process has taken over"):
            first.check_claim()


def test_in_a_store_the_runs_of_others_stay(bucket: Bucket) -> None:
    runs = RemoteFile(f"{bucket.url}/runs")
    mine, other = (begin_run(runs, "colours", SCRATCH, "f1") for _ in range(2))
    discard_runs(runs, "colours", mine)
    assert unfinished_run(runs, "colours", "f1") == other


def learn(
    dataset: Dataset, epochs: int, run: Run, recipe: Recipe = SCRATCH, watch: Watch | None = None
) -> tuple[Learnt, torch.Tensor]:
    """What a run comes to that ends after so many epochs, and the head that was kept."""
    torch.manual_seed(0)
    network = Classifier(build_backbone("simple_cnn"), len(dataset.labels), dropout=0.5, cosine=False)
    recipe = recipe.model_copy(update={"epochs": epochs})
    with working_on(run) as held:
        return fit(network, dataset, recipe, held, Silent(), watch=watch), network.head.weight


def test_a_training_goes_on_from_a_store_to_what_an_unbroken_one_comes_to(
    dataset: Dataset, bucket: Bucket, tmp_path: Path
) -> None:
    runs = RemoteFile(f"{bucket.url}/runs")
    run = begin_run(runs, "colours", SCRATCH, dataset.fingerprint)
    learn(dataset, 2, run)
    folder = run.folder.name
    assert {f"runs/colours/{folder}/{name}.ckpt" for name in ("best", "last")} <= set(bucket.names())
    there = unfinished_run(runs, "colours", dataset.fingerprint)
    assert there.last is not None
    after, head = learn(dataset, 4, there)
    unbroken, same_head = learn(dataset, 4, begin_run(tmp_path / "runs", "colours", SCRATCH, "f1"))
    assert after == unbroken
    assert torch.equal(head, same_head)


class Killed(Exception):
    """What a training is broken off by."""


def killed_in(epoch: int | None) -> Watch:
    """Breaks a training off before an epoch is written down; where there is none, nothing."""

    def watch(figures: Mapping[str, JsonValue]) -> None:
        if figures["epoch"] == epoch:
            raise Killed

    return watch


@pytest.mark.parametrize("many", [1, 1000], ids=["prepared by other processes", "prepared here"])
def test_each_epoch_after_a_resumption_has_its_own_batches(
    many: int, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "MANY_PICTURES", many)
    recipe = SCRATCH.model_copy(update={"batch_size": 4, "augmentation": "strong"})
    run = begin_run(tmp_path / "runs", "colours", recipe, "f1")
    for epoch in (2, 4):
        with pytest.raises(Killed):
            learn(dataset, 4, run, recipe, killed_in(epoch))
    resumed, head = learn(dataset, 4, run, recipe)
    unbroken, same_head = learn(dataset, 4, begin_run(tmp_path / "runs", "colours", recipe, "f1"), recipe)
    assert resumed.history == unbroken.history
    assert torch.equal(head, same_head)


def test_a_training_that_was_taken_over_writes_no_further_checkpoint(
    dataset: Dataset, bucket: Bucket
) -> None:
    run = begin_run(RemoteFile(f"{bucket.url}/runs"), "colours", SCRATCH, dataset.fingerprint)
    network = Classifier(build_backbone("simple_cnn"), len(dataset.labels), dropout=0.5, cosine=False)
    with working_on(run) as held:
        fit(network, dataset, SCRATCH.model_copy(update={"epochs": 1}), held, Silent())
        before = bucket.get(f"runs/colours/{run.folder.name}/last.ckpt")
        with working_on(run), pytest.raises(TakenOver):
            fit(network, dataset, SCRATCH, held, Silent())
    assert bucket.get(f"runs/colours/{run.folder.name}/last.ckpt") == before
