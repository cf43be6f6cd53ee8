"""A bundle run over pictures of the library: here, or wherever a command says."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from backend.inference.bundle import Bundle
from backend.inference.runtime import Raw
from databases.library import LibraryImage
from training.pictures import run_model

# Some pictures, and the raw outputs for them in their order.
Ran = tuple[list[LibraryImage], Raw]


class Runner(Protocol):
    """Runs a bundle over chunks of pictures, in their order, and perhaps in smaller ones; none is empty.

    Raises:
        TrainingError: a file is gone or no longer a picture.
        Unreachable: the place where it lies does not answer.
    """

    def __call__(self, bundle: Bundle, chunks: Iterable[list[LibraryImage]]) -> Iterator[Ran]: ...


def run_here(bundle: Bundle, chunks: Iterable[list[LibraryImage]]) -> Iterator[Ran]:
    """On all cores of this machine; a chunk is asked for when the one before it is done."""
    for images in chunks:
        yield images, run_model(bundle.model, images, bundle.manifest.preprocessing, lambda _: None)
