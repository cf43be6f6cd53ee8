"""An index beside the database: made, and kept in step with it.

It is a cache: lose it, and nothing is lost. One process at a time writes it, and all others read what that
wrote.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.gallery.building import read_loose
from backend.gallery.files import Files
from backend.gallery.index import Index, Part
from backend.gallery.segment import BadSegment
from databases import gallery_rows
from databases.gallery_rows import Change
from databases.registry import RegisteredModel

log = logging.getLogger(__name__)

OF_ANOTHER = "the index at %s is of another database: it is made anew"
LEFT_OUT = "the index at %s is without pictures whose embeddings under %s cannot be searched: %s, %d in all"
TOLD = 10
EMPTY = Index(None, {}, ())
# A segment is written anew together with later ones that are half as large, or if so much of it is gone.
TIMES, MOST_GONE = 2, 0.25


class Keeper:
    """The index of a model's gallery in `folder`; `size`: numbers of an embedding."""

    def __init__(self, reader: Engine, model: RegisteredModel, size: int, folder: Path) -> None:
        self._reader, self._model, self.size = reader, model, size
        self._files = Files(folder, f"{model.version} {model.created_at.isoformat()}", size)

    def open(self, *, patient: bool) -> Index:
        """The index, up to date: made or updated where that is needed, by whichever process comes first.

        `patient`: where it cannot be written now, as on a full disk, it is as it was, or empty; where it
        cannot be locked now, empty until it is followed.
        """
        index = None
        try:
            with self._files.locked(wait=True):
                index = self._files.read()
                return self._renewed(index)
        except OSError as error:
            if not patient:
                raise
            log.error("the index at %s cannot be brought up to date: %s", self._files.folder, error)
            return index or EMPTY

    def _renewed(self, index: Index | None) -> Index:
        if index is None or index.change != self._latest():
            index = self._update(index)
        if self._is_of_another(index):
            log.warning(OF_ANOTHER, self._files.folder)
            index = self._update(None)
        return index

    def follow(self, index: Index) -> Index:
        """The index as it is now: `index` itself where nothing changed, or where another process is at it.

        What another process wrote is served before more is taken up, next time: that may fail, as on a full
        disk, and again and again.
        """
        self._files.keep()
        if self._files.changed() and (newer := self._files.read()) is not None:
            return newer
        if index.change == self._latest():
            return index
        with self._files.locked(wait=False) as ours:
            if not ours:
                return index
            there = self._files.read()
            if there is not None and there.change != index.change:
                return there  # another process was faster
            return self._update(there)

    def _latest(self) -> Change:
        with Session(self._reader) as session:
            return gallery_rows.latest_change(session, self._model.id)

    def _is_of_another(self, index: Index) -> bool:
        """Whether the database holds other pictures though its last change is the index's: it was put in the
        place of another one."""
        with Session(self._reader) as session:
            there = gallery_rows.census(session, self._model.id, self._model.task)
        return self._latest() == index.change and there != index.census

    def _update(self, index: Index | None) -> Index:
        """Takes up all changes, and writes what is new. Only who holds the lock may."""
        with Session(self._reader) as session:
            # First of all: what changes while the rest is read is read once more next time.
            latest = gallery_rows.latest_change(session, self._model.id)
            if index is not None and not _leads_to(session, index.change, latest):
                log.warning(OF_ANOTHER, self._files.folder)
                index = None
            index = index or EMPTY
            changed = None
            if index.change is not None:
                changed = gallery_rows.changed_since(session, self._model.id, index.change.number)
            labels = dict(index.labels)
            rows = gallery_rows.read_rows(session, self._model.id, self._model.task, changed)
            loose, spoilt = read_loose(rows, labels, self._files.size, self._files.folder)
        if spoilt:
            log.warning(LEFT_OUT, self._files.folder, self._model.version, spoilt[:TOLD], len(spoilt))
        gone = changed or []
        left_out = index.left_out.difference(gone).union(spoilt)
        parts = [_without(part, gone) for part in index.parts]
        absorbed = _absorbed(parts, len(loose))
        kept = tuple(part for part in parts if part not in absorbed)
        self._files.write(Index(latest, labels, kept, left_out), loose.with_parts(absorbed))
        written = self._files.read()
        if written is None:
            raise BadSegment(f"{self._files.folder}: what was just written cannot be read")
        return written


def _leads_to(session: Session, change: Change | None, latest: Change) -> bool:
    """Whether what was taken up to `change` is a beginning of what the database tells up to `latest`: not
    where the database is an older copy of itself that went another way since."""
    if change is None or change == latest:
        return change is not None
    known = gallery_rows.token_of(session, change.number), change.token
    return change.number < latest.number and ("" in known or known[0] == known[1])


def _without(part: Part, image_ids: Sequence[int]) -> Part:
    there = np.isin(part.segment.columns["image_id"], np.array(image_ids, np.int64))
    return Part(part.segment, part.live & ~there) if there.any() else part


def _absorbed(parts: Sequence[Part], new: int) -> list[Part]:
    """The parts to be written anew together with `new` rows, so that parts stay few, and each row is written
    only a few times however often something is added."""
    absorbed = []
    for part in sorted(parts, key=lambda part: int(part.live.sum())):
        live = int(part.live.sum())
        if live <= TIMES * new or live < (1 - MOST_GONE) * len(part.live):
            absorbed.append(part)
            new += live
    return absorbed
