"""What an epoch reads, and in which order."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from backend.inference.preprocessing import Preprocessing
from training.dataset import Dataset
from training.learning.augmentation import make_augmentation
from training.learning.loaders import make_loaders
from training.learning.pixels import NOTHING, Pixels, Places, canvas, store_dataset, store_pixels
from training.learning.processes import Processes
from training.networks.backbone import Classifier
from training.networks.catalogue import build_backbone
from training.pictures import read_pixels
from training.progress import Silent
from training.recipe import Augmentation, Recipe

SPEC = Preprocessing(
    size=28, resize="crop", crop_fraction=0.875, interpolation="bicubic", mean=(0, 0, 0), std=(1, 1, 1)
)


def places(n: int, processes: int, epoch: int = 0, seed: int | None = 5) -> list[list[int]]:
    """The indices of each process."""
    found = []
    for rank in range(processes):
        sampler = Places(n, rank=rank, processes=processes, seed=seed)
        sampler.set_epoch(epoch)
        assert len(sampler) == len(list(sampler))
        assert {place[0] for place in sampler} == {epoch}
        found.append([index for _, index in sampler])
    return found


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_each_picture_is_learnt_from_once_an_epoch_by_one_process(processes: int) -> None:
    shares = places(12, processes)
    assert sorted(index for share in shares for index in share) == list(range(12))
    assert places(12, processes) == shares
    assert places(12, processes, epoch=1) != shares


def test_processes_get_as_many_pictures_and_none_is_measured_twice() -> None:
    learnt, held = places(7, 3), places(7, 3, seed=None)
    assert [len(share) for share in learnt] == [len(share) for share in held] == [3, 3, 3]
    assert {index for share in learnt for index in share} == set(range(7))
    assert sorted(index for share in held for index in share) == [NOTHING, NOTHING, *range(7)]


def test_fewer_pictures_than_processes_leave_none_without() -> None:
    shares = places(4, 9)
    assert [len(share) for share in shares] == [1] * 9
    assert {index for share in shares for index in share} == set(range(4))


@pytest.mark.parametrize(("batch_size", "batches"), [(17, [17]), (9, [9, 9]), (5, [5, 5, 5, 3])])
def test_no_batch_is_of_one_picture(
    batch_size: int, batches: list[int], dataset: Dataset, tmp_path: Path
) -> None:
    recipe = Recipe(architecture="simple_cnn", strategy="scratch", batch_size=batch_size)
    network = Classifier(build_backbone("simple_cnn"), len(dataset.labels), dropout=0, cosine=False)
    stored = store_dataset(dataset, network.backbone.anatomy.preprocessing, tmp_path, Silent())
    loader, held = make_loaders(network, dataset, stored, recipe, Processes())
    assert [len(targets) for _, targets in loader] == batches
    assert len(loader) == len(batches)
    assert sum(len(targets) for _, targets in held) == len(dataset.val)


def test_rare_labels_are_drawn_as_often_where_that_is_asked() -> None:
    weights = torch.tensor([1 / 90] * 90 + [1 / 10] * 10, dtype=torch.float64)
    drawn = [index for _, index in Places(100, rank=0, processes=1, seed=0, weights=weights)]
    assert 30 <= sum(index >= 90 for index in drawn) <= 70


def refuse(code: int) -> Callable[..., None]:
    def allocate(*_: int) -> None:
        raise OSError(code, os.strerror(code))

    return allocate


@pytest.mark.parametrize("allocate", [None, refuse(errno.EOPNOTSUPP)], ids=["macOS", "an odd file system"])
def test_where_no_place_can_be_reserved_pictures_are_stored_all_the_same(
    allocate: Callable[..., None] | None, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = store_pixels(dataset.train, SPEC, tmp_path / "usual.npy", lambda _: None).read_bytes()
    monkeypatch.setattr(os, "posix_fallocate", allocate)
    path = store_pixels(dataset.train, SPEC, tmp_path / "train.npy", lambda _: None)
    assert path.read_bytes() == usual
    # Without holes: what was written later cannot be lacking on the disk.
    assert path.stat().st_blocks * 512 >= len(usual)


def test_a_full_disk_is_told_before_a_picture_is_decoded(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", refuse(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left"):
        store_pixels(dataset.train, SPEC, tmp_path / "train.npy", lambda _: pytest.fail("one was decoded"))


@pytest.mark.parametrize("preset", ["light", "medium", "strong"])
def test_what_is_random_about_a_picture_depends_on_seed_epoch_and_index_alone(
    preset: Augmentation, dataset: Dataset, tmp_path: Path
) -> None:
    path = store_pixels(dataset.train, canvas(SPEC), tmp_path / "train.npy", lambda _: None)
    augment = make_augmentation(preset, SPEC.size)
    targets = dataset.targets(dataset.train)
    first, second = (Pixels(path, targets, augment, seed=3) for _ in range(2))
    torch.manual_seed(1)
    one, label = first[1, 4]
    torch.manual_seed(2)
    assert torch.equal(one, second[1, 4][0])
    assert not torch.equal(one, first[2, 4][0])
    assert (one.shape, one.dtype, label) == ((3, 28, 28), torch.uint8, targets[4])


def test_without_augmentation_training_sees_what_serving_sees(dataset: Dataset, tmp_path: Path) -> None:
    path = store_pixels(dataset.train, canvas(SPEC), tmp_path / "train.npy", lambda _: None)
    pixels = Pixels(path, dataset.targets(dataset.train), make_augmentation("none", SPEC.size), seed=0)
    served = read_pixels(dataset.train, SPEC, lambda _: None)
    for index in range(len(pixels)):
        difference = pixels[0, index][0].permute(1, 2, 0).numpy().astype(int) - served[index]
        assert np.abs(difference).mean() < 3  # the canvas is rounded to whole pixels
