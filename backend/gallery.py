"""Pictures like this one: exact search by cosine over the library's embeddings, held in memory."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Entry:
    """A picture of the gallery. `vector`: float32 [embedding_size] of length 1, as little-endian bytes."""

    image_id: int
    label: str | None
    sha256: str
    vector: bytes


@dataclass(frozen=True)
class Match:
    """`similarity`: the cosine of the two embeddings, clipped to 0..1."""

    image_id: int
    similarity: float


@dataclass(frozen=True)
class Found:
    """The nearest first; `available` is how many there were to choose from."""

    matches: list[Match]
    available: int


class Gallery:
    """An immutable set of embeddings, to be replaced when the library changes."""

    def __init__(self, entries: Iterable[Entry], embedding_size: int) -> None:
        entries = sorted(entries, key=lambda entry: entry.image_id)
        self._ids = np.array([entry.image_id for entry in entries], np.int64)
        self._contents = np.array([entry.sha256 for entry in entries], "U64")
        self._labels = [entry.label for entry in entries]
        joined = b"".join(entry.vector for entry in entries)
        self._vectors = np.frombuffer(joined, "<f4").reshape(len(entries), embedding_size)
        labels = np.array([label or "" for label in self._labels])
        self._rows = {label: np.flatnonzero(labels == label) for label in set(self._labels) if label}

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, image_id: int) -> Entry | None:
        """A picture's entry by its id."""
        row = int(np.searchsorted(self._ids, image_id))
        if row == len(self._ids) or self._ids[row] != image_id:
            return None
        vector = self._vectors[row].tobytes()
        return Entry(image_id, self._labels[row], str(self._contents[row]), vector)

    def search(self, embedding: NDArray[np.float32], label: str, *, without: str, k: int) -> Found:
        """The min(k, available) pictures with `label` nearest to `embedding` float32 [embedding_size].

        Copies of the content hash `without` are left out. Ties go to the lower id.
        """
        rows = self._rows.get(label, np.empty(0, np.int64))
        rows = rows[self._contents[rows] != without]
        cosines = np.clip(self._vectors[rows] @ embedding, 0, 1)
        best = np.lexsort((self._ids[rows], -cosines))[:k]
        matches = [Match(int(self._ids[rows[i]]), float(cosines[i])) for i in best]
        return Found(matches, len(rows))
