"""Training pictures as arrays: decoded once into a file that every epoch and every worker reads."""

import errno
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from backend.inference.preprocessing import Preprocessing
from training.dataset import Dataset as Library
from training.dataset import Images
from training.learning.augmentation import Augment
from training.pictures import iter_pixels
from training.progress import Advance, Progress

# A padded place of a split that is shared out among processes: no picture, and not to be counted.
NOTHING = -1
BLOCK = 1 << 20  # bytes written at a time
Item = tuple[Tensor, int]


def canvas(spec: Preprocessing) -> Preprocessing:
    """What is kept of a picture to crop at random: the whole square that `spec` takes the centre of."""
    size = math.ceil(spec.size / spec.crop_fraction)
    return spec.model_copy(update={"size": size, "crop_fraction": 1.0})


def store_pixels(images: Images, spec: Preprocessing, path: Path, advance: Advance) -> Path:
    """Decodes `images` into the file `path`, uint8 [n, size, size, 3]; returns it."""
    shape = (len(images), spec.size, spec.size, 3)
    stored = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    _reserve(path, stored.offset)
    done = 0
    for batch in iter_pixels(images, spec):
        stored[done : done + len(batch)] = batch
        done += len(batch)
        advance(len(batch))
    stored.flush()
    return path


def _reserve(path: Path, start: int) -> None:
    """Takes the place that a file claims to have, whose content begins at `start`: a full disk is an error
    now, not a crash on the way."""
    allocate = getattr(os, "posix_fallocate", None)  # macOS has none
    with path.open("r+b") as file:
        size = path.stat().st_size
        try:
            if allocate is not None:
                allocate(file.fileno(), 0, size)
                return
        except OSError as error:  # not every file system can do it
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
        file.seek(start)
        for at in range(start, size, BLOCK):
            file.write(bytes(min(BLOCK, size - at)))


@dataclass(frozen=True)
class Stored:
    """The decoded pictures of a data set: those of `train` larger than they are learnt from, to crop at
    random."""

    folder: Path

    @property
    def train(self) -> Path:
        return self.folder / "train.npy"

    @property
    def val(self) -> Path:
        return self.folder / "val.npy"


def store_dataset(dataset: Library, spec: Preprocessing, folder: Path, progress: Progress) -> Stored:
    """Decodes train and val into `folder`, for a network that `spec` prepares pictures for."""
    stored = Stored(folder)
    with progress.track("Reading pictures", len(dataset.train) + len(dataset.val)) as advance:
        store_pixels(dataset.train, canvas(spec), stored.train, advance)
        store_pixels(dataset.val, spec, stored.val, advance)
    return stored


class Pixels(Dataset[Item]):
    """Pictures of a stored file by (epoch, index): uint8 [3, size, size] and the label's index.

    What is random about a picture depends on the seed, the epoch and the index alone: it is the same in
    whichever process, and after a resumption.
    """

    def __init__(self, path: Path, targets: list[int], augment: Augment | None, seed: int) -> None:
        self._path = path
        self._targets = targets
        self._augment = augment
        self._seed = seed
        self._stored: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, place: tuple[int, int]) -> Item:
        epoch, index = place
        if self._stored is None:  # opened by each worker for itself
            self._stored = np.load(self._path, mmap_mode="r")
        pixels = torch.from_numpy(self._stored[max(index, 0)].copy()).permute(2, 0, 1)
        if self._augment is not None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(mix_seed(self._seed, epoch, index))
                pixels = self._augment(pixels)
        return pixels.contiguous(), NOTHING if index == NOTHING else self._targets[index]


class Places(Sampler[tuple[int, int]]):
    """The places of an epoch for one process of several, (epoch, index) each.

    Shuffled where `seed` is given; drawn with replacement by `weights` float64 [n] where these are. Padded to
    the same number in every process: in training by pictures, otherwise by NOTHING.
    """

    def __init__(
        self, n: int, *, rank: int, processes: int, seed: int | None, weights: Tensor | None = None
    ) -> None:
        self._n, self._rank, self._processes = n, rank, processes
        self._seed, self._weights = seed, weights
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning says at the start of each."""
        self._epoch = epoch

    def __len__(self) -> int:
        return math.ceil(self._n / self._processes)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = self._order()
        lacking = len(self) * self._processes - len(order)
        order += [NOTHING] * lacking if self._seed is None else islice(cycle(order[:]), lacking)
        return iter([(self._epoch, index) for index in order[self._rank :: self._processes]])

    def _order(self) -> list[int]:
        if self._seed is None:
            return list(range(self._n))
        generator = torch.Generator().manual_seed(mix_seed(self._seed, self._epoch, 0))
        if self._weights is not None:
            drawn = torch.multinomial(self._weights, self._n, replacement=True, generator=generator)
            return [int(index) for index in drawn]
        return [int(index) for index in torch.randperm(self._n, generator=generator)]


def mix_seed(*numbers: int) -> int:
    """One seed of several numbers, none below -1."""
    return int(np.random.SeedSequence([number + 1 for number in numbers]).generate_state(1)[0])
