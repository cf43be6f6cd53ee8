"""The gallery of an SQLite database: an index in files beside it; the embeddings table has the last word.

The index finds what may be nearest by codes of a byte a number, of many only of those that are not too far
by their sketches, and all that is compared again by the database's own float32 vectors. So the answers are
those of an exact search in a gallery of up to 200,000 pictures. Of a larger one only the nearest cells are
read, and what was added lately; hardly anything is missed.
"""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.gallery.asking import Candidate
from backend.gallery.comparing import Comparison
from backend.gallery.index import Index, Rows
from backend.gallery.keeping import Keeper
from backend.gallery.scanning import scan
from backend.gallery.segment import shown_bits
from databases import gallery_rows, kept, nearest
from databases.nearest import Among, Entry
from databases.registry import RegisteredModel


class EmbeddedGallery:
    """See `Gallery`. `keeper` writes and reads the files; `threads` compare; `patient` as `open_gallery`."""

    def __init__(
        self, reader: Engine, model: RegisteredModel, keeper: Keeper, threads: int, *, patient: bool
    ) -> None:
        self._reader, self._model, self._keeper, self._threads = reader, model, keeper, threads
        self._index = keeper.open(patient=patient)
        self._following = threading.Lock()

    def __len__(self) -> int:
        return len(self._index) + len(self._index.left_out)

    @contextmanager
    def opened(self) -> Iterator["EmbeddedShelf"]:
        index = self._index
        with Session(self._reader) as session:
            yield EmbeddedShelf(index, session, self._model, self._threads)

    def find(self, image_id: int) -> Entry | None:
        with Session(self._reader) as session:
            return nearest.find_entry(session, self._model, self._keeper.size, image_id)

    def follow(self) -> bool:
        with self._following:
            index = self._keeper.follow(self._index)
            changed = index is not self._index
            self._index = index
        return changed

    def close(self) -> None:
        """Nothing is to be given back: files that are mapped go with the last answer that reads them."""


class EmbeddedShelf:
    """See `Shelf`. What something shows is told as the number that the index has for it."""

    def __init__(self, index: Index, session: Session, model: RegisteredModel, threads: int) -> None:
        self._index, self._session, self._model, self._threads = index, session, model, threads
        self._selected: dict[tuple[Among, frozenset[str]], list[Rows]] = {}

    def shown_by(self, sha256: str) -> frozenset[str]:
        groups = gallery_rows.groups_with_content(self._session, self._model.task, sha256)
        return frozenset(str(shown_bits(sha256, group)) for group in groups)

    def nearest(
        self, embedding: NDArray[np.float32], among: Among, own: Collection[str], n: int
    ) -> list[Candidate]:
        selected = self._select(among, own)
        near = scan(self._index, selected, embedding, n, self._threads)
        found = Comparison(self._present, embedding, among.label, n).among(near)
        if near.left_out > -np.inf and (len(found) < n or found[-1].similarity < near.left_out):
            # Some of those that told what is too far are no longer what they were when they were indexed.
            near = scan(self._index, selected, embedding, n, self._threads, sketched=False)
            found = Comparison(self._present, embedding, among.label, n).among(near)
        return found

    def available(self, among: Among, own: Collection[str]) -> int:
        return self._index.count_different(self._select(among, own))

    def alike(self, among: Among, shown: Collection[str]) -> Mapping[str, int]:
        counts = self._index.count_alike(self._select(among, ()), [int(one) for one in shown])
        return {str(one): count for one, count in counts.items()}

    def vectors(self, image_ids: Sequence[int]) -> Mapping[int, NDArray[np.float32]]:
        return {image_id: np.frombuffer(vector, "<f4") for image_id, _, _, vector in self._present(image_ids)}

    def _select(self, among: Among, own: Collection[str]) -> list[Rows]:
        key = among, frozenset(own)
        if key not in self._selected:
            roots = None if among.source is None else gallery_rows.root_ids(self._session, among.source)
            own_numbers = [int(one) for one in own]
            self._selected[key] = self._index.select(among, roots, own_numbers, self._unnamed(among))
        return self._selected[key]

    def _unnamed(self, among: Among) -> Collection[int]:
        """The roots of which nothing is an answer that has no label."""
        if among.sent or among.names_labels:
            return ()
        root = kept.root_id(self._session, self._model.task)
        return () if root is None else (root,)

    def _present(self, image_ids: Sequence[int]) -> Iterator[tuple[int, str | None, str, bytes]]:
        return gallery_rows.present_vectors(self._session, self._model.id, image_ids)
