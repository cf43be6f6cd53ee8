"""What a gallery is asked and answers, whatever database it lies in."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from databases.nearest import Among, Entry

# Cosines are told, and ties seen, to so many decimals: beyond them two processors disagree.
DECIMALS = 6


@dataclass(frozen=True)
class Candidate:
    """A picture that may be an answer. `shown`: what it shows, the same for copies and look-alikes.
    `similarity`: the cosine of the two embeddings, -1 to 1, from float32 vectors, to 6 decimals."""

    image_id: int
    label: str | None
    shown: str
    similarity: float


@dataclass(frozen=True)
class Match:
    """`similarity`: the cosine of the two embeddings, clipped to 0..1. `alike`: how many pictures show this,
    the match itself among them: of several only the nearest is an answer."""

    image_id: int
    label: str | None
    similarity: float
    alike: int


@dataclass(frozen=True)
class Found:
    """The nearest first, unless they are diverse; `available` is how many there were to choose from,
    look-alikes counted once."""

    matches: list[Match]
    available: int


class Shelf(Protocol):
    """A gallery as it is at one moment. `own` are what the asked picture shows: never an answer."""

    def shown_by(self, sha256: str) -> frozenset[str]:
        """What the library's pictures with this content show, those too that are excluded, gone or not
        embedded; empty where there is none."""
        ...

    def nearest(
        self, embedding: NDArray[np.float32], among: Among, own: Collection[str], n: int
    ) -> list[Candidate]:
        """The n pictures nearest to `embedding` float32 [embedding_size], of length 1, or all if they are
        fewer; nearest first, then the lower id."""
        ...

    def available(self, among: Among, own: Collection[str]) -> int:
        """How many different things the pictures show."""
        ...

    def alike(self, among: Among, shown: Collection[str]) -> Mapping[str, int]:
        """How many of the pictures show each of these."""
        ...

    def vectors(self, image_ids: Sequence[int]) -> Mapping[int, NDArray[np.float32]]:
        """Embeddings float32 [embedding_size] by image id."""
        ...


class Gallery(Protocol):
    """The library's pictures under one model. Safe to use from several threads."""

    def __len__(self) -> int:
        """How many pictures are embedded, those too whose embeddings cannot be searched."""
        ...

    @contextmanager
    def opened(self) -> Iterator[Shelf]:
        """The gallery as it is now, until the end of the block."""
        ...

    def find(self, image_id: int) -> Entry | None:
        """A picture's entry by its id; None where it has none, or its embedding cannot be searched."""
        ...

    def follow(self) -> bool:
        """Takes up what changed in the library; whether anything did. Answers are given meanwhile."""
        ...

    def close(self) -> None:
        """Gives back what is held open."""
        ...
