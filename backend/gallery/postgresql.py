"""The gallery of a PostgreSQL database, which searches by itself with pgvector.

Half precision finds what may be near, the embeddings themselves tell what is. Where the model has no index,
or no more than `COMPARED_ALL` pictures pass a filter, the answers are those of an exact search; otherwise
those of pgvector's index, as far as it finds enough; where it does not, all are compared.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.gallery.asking import DECIMALS, Candidate
from backend.gallery.cosines import exact_cosines
from backend.gallery.counts import Counts
from databases import gallery_rows, kept, library, nearest, pgvector, pgvector_index
from databases.nearest import Among, Entry
from databases.pgvector import Asked, Counted, Near, Shelved
from databases.registry import RegisteredModel

# Up to so many pictures all are compared.
COMPARED_ALL = 10_000
# How wide the index looks at least and at most, and how many pictures it sees, of so many that pass the
# filter one: by then comparing all of them would have taken as long.
WIDE, WIDEST, WORTH_SEEING = 100, 1000, 4
# So many more than were asked for are compared exactly before it is known how near is near enough.
MORE = 16
# How far a number of half precision may be from what it stands for, as a part of it; and a float32 dot
# product from the true one.
HALF, SINGLE = 2.0**-11, 2e-5
ROUNDING = 10.0**-DECIMALS


@dataclass
class Known:
    """What holds as long as nobody writes. `roots`: ids by name; `sent`: that of what people sent."""

    writes: int
    roots: Mapping[str, int]
    sent: int | None
    counts: Counts = field(default_factory=Counts)


class PostgresqlGallery:
    """See `Gallery`. `compared_all`: up to so many pictures that pass a filter no index is used."""

    def __init__(
        self, reader: Engine, model: RegisteredModel, embedding_size: int, compared_all: int = COMPARED_ALL
    ) -> None:
        self._reader, self._model, self._size = reader, model, embedding_size
        self._compared_all = compared_all
        self._known = Known(-1, {}, None)
        self._followed, self._pictures = -1, 0  # the writes that were taken up, and how many there then were
        self.follow()

    def __len__(self) -> int:
        return self._pictures

    @contextmanager
    def opened(self) -> Iterator["PostgresqlShelf"]:
        # All that is read until the end of the block is of one moment.
        with (
            self._reader.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
            Session(connection) as session,
        ):
            yield PostgresqlShelf(session, self._model, self._size, self._look(session), self._compared_all)

    def find(self, image_id: int) -> Entry | None:
        with Session(self._reader) as session:
            return nearest.find_entry(session, self._model, self._size, image_id)

    def follow(self) -> bool:
        with self.opened() as shelf:
            if shelf.writes == self._followed:
                return False
            self._followed, self._pictures = shelf.writes, shelf.pictures(Among(sent=True))
        return True

    def close(self) -> None:
        """Nothing is held open."""

    def _look(self, session: Session) -> Known:
        """What is known of the moment that `session` sees."""
        writes = pgvector.writes(session)
        known = self._known
        if known.writes != writes:
            task = self._model.task
            known = Known(writes, pgvector.roots(session, task), kept.root_id(session, task))
            self._known = known
        return known


class PostgresqlShelf:
    """See `Shelf`."""

    def __init__(
        self, session: Session, model: RegisteredModel, size: int, known: Known, compared_all: int
    ) -> None:
        self._session, self._model, self._size = session, model, size
        self._known, self._compared_all = known, compared_all
        self._counted: dict[Among, Counted] = {}  # of this answer, which asks twice

    def shown_by(self, sha256: str) -> frozenset[str]:
        groups = gallery_rows.groups_with_content(self._session, self._model.task, sha256)
        return frozenset(sha256 if group is None else library.shown(group) for group in groups)

    @property
    def writes(self) -> int:
        """The same as long as nobody writes."""
        return self._known.writes

    def pictures(self, among: Among) -> int:
        """How many there are, look-alikes and all."""
        return self._count(among).pictures

    def nearest(
        self, embedding: NDArray[np.float32], among: Among, own: Collection[str], n: int
    ) -> list[Candidate]:
        asked = Asked(embedding, among, own)
        pictures = self._count(among).pictures
        found: list[Candidate] = []
        if pictures > self._compared_all and pgvector_index.has_index(self._session, self._model.id):
            found = self._by_index(asked, n, pictures)
        if len(found) < n:
            found = self._exactly(asked, n)
        return found[:n]

    def available(self, among: Among, own: Collection[str]) -> int:
        return self._count(among).different - len(self.alike(among, own))

    def alike(self, among: Among, shown: Collection[str]) -> Mapping[str, int]:
        return pgvector.alike(self._session, self._shelved(among), among, shown)

    def vectors(self, image_ids: Sequence[int]) -> Mapping[int, NDArray[np.float32]]:
        found = pgvector.vectors(self._session, self._model.id, image_ids)
        return {image_id: np.frombuffer(vector, "<f4") for image_id, vector in found.items()}

    def _by_index(self, asked: Asked, n: int, pictures: int) -> list[Candidate]:
        most = 2 * n + MORE
        seen = max(most, pictures // WORTH_SEEING)
        near = pgvector.near_by_index(
            self._session,
            self._shelved(asked.among),
            asked,
            most=most,
            wide=min(max(WIDE, most), WIDEST),
            seen=seen,
        )
        found: list[Candidate] = []
        for some in near:
            found = _nearest(found, some, asked.embedding, n)
        return found

    def _exactly(self, asked: Asked, n: int) -> list[Candidate]:
        """The nearest of those that half precision puts first; where others may be as near, the nearest of
        all until none can be."""
        shelved, most = self._shelved(asked.among), 2 * n + MORE
        off = ROUNDING + _farthest_off(asked.embedding)
        found: list[Candidate] = []
        compared, last = 0, 0.0
        for some in pgvector.near_exactly(self._session, shelved, asked, most=most):
            found = _nearest(found, some, asked.embedding, n)
            compared, last = compared + len(some), some[-1].rough
        if compared < most or last < found[-1].similarity - off:
            return found
        enough, found = found[-1].similarity - off, []
        for some in pgvector.near_exactly(self._session, shelved, asked, most=None, at_least=enough):
            if len(found) == n and some[0].rough < found[-1].similarity - off:
                break
            found = _nearest(found, some, asked.embedding, n)
        return found

    def _count(self, among: Among) -> Counted:
        counted = self._counted.get(among) or self._known.counts.get(among)
        if counted is None:
            counted = pgvector.count(self._session, self._shelved(among), among)
            self._known.counts.put(among, counted)
        self._counted[among] = counted
        return counted

    def _shelved(self, among: Among) -> Shelved:
        named = {root for name, root in self._known.roots.items() if among.source in (None, name)}
        if among.sent or among.names_labels:
            return Shelved(self._model.id, self._size, named)
        unnamed = set() if self._known.sent is None else {self._known.sent}
        return Shelved(self._model.id, self._size, named, unnamed)


def _nearest(
    found: Sequence[Candidate], near: Sequence[Near], embedding: NDArray[np.float32], n: int
) -> list[Candidate]:
    """The `n` nearest of both, by the embeddings themselves, then the lower id."""
    similarities = exact_cosines([one.vector for one in near], embedding)
    compared = [
        Candidate(one.image_id, one.label, one.shown, similarity)
        for one, similarity in zip(near, similarities, strict=True)
    ]
    return sorted([*found, *compared], key=lambda one: (-one.similarity, one.image_id))[:n]


def _farthest_off(embedding: NDArray[np.float32]) -> float:
    """How far a dot product in half precision may be from what it is, by the triangle inequality."""
    lost = embedding - embedding.astype(np.float16).astype(np.float32)
    return float(np.linalg.norm(lost)) + HALF + SINGLE
