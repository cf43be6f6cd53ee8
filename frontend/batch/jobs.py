"""The batches that this process works on or remembers, for every visitor who knows their addresses."""

import errno
import logging
import math
import secrets
import threading
import time
import weakref
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import streamlit as st

from frontend.batch.errors import NoRoom, NothingInside, TooMany
from frontend.batch.job import Job
from frontend.batch.sources import Source, store
from frontend.batch.wording import DISK_FULL, ROOM_TAKEN, megabytes
from frontend.client import Api
from frontend.own_folders import OwnFolder
from frontend.settings import load_settings
from frontend.sweeping import Sweeper

MOST_JOBS = 16
FULL = (errno.ENOSPC, errno.EDQUOT)

log = logging.getLogger(__name__)


@dataclass
class _Kept:
    """`folder`: where the files of `job` are."""

    job: Job
    folder: OwnFolder
    seen: float = field(default_factory=time.monotonic)

    @property
    def idle_since(self) -> float:
        """Since when it does not work, and nobody looked at it."""
        idle_since = self.job.idle_since
        return time.monotonic() if idle_since is None else max(self.seen, idle_since)

    def close(self) -> None:
        self.job.close()
        self.folder.close()


class Jobs:
    """Safe to use from several threads. Ids are not to be guessed: who knows one sees its pictures.

    Nobody closes a batch: people close the tab. So it goes, with its files, `kept_seconds` after it ended and
    somebody looked at it last; and all go when this process ends, or where that is killed, when the next one
    begins.

    `most_bytes`: of the files of all of them.
    """

    def __init__(self, kept_seconds: float, most_bytes: float = math.inf) -> None:
        self.kept_seconds = kept_seconds
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._beginning: list[int] = []  # have a place, and are being unpacked: their bytes
        self._sweeper = Sweeper(self._lock, self._forget_due, "batches")
        weakref.finalize(self, _close_all, self._kept)

    def begin(self, api: Api, files: Sequence[tuple[str, bytes]]) -> str:
        """The id of a new batch that is at work.

        Raises:
            UnusableZip: as `store` does.
            NothingInside: there is no file in it.
            TooMany: of pictures in it, or of their bytes.
            NoRoom: for one batch more, or for its bytes.
        """
        size = sum(len(data) for _, data in files)
        with self._lock:
            self._make_room(size)
            self._beginning.append(size)
        try:
            sources, folder = _unpacked(files)
        except BaseException:
            with self._lock:
                self._beginning.remove(size)
            raise
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._beginning.remove(size)
            self._kept[name] = _Kept(Job(api, sources, folder.path), folder)
            self._sweeper.wake()
        return name

    def find(self, name: str) -> Job | None:
        with self._lock:
            kept = self._kept.get(name)
            if kept is None:
                return None
            kept.seen = time.monotonic()
            return kept.job

    def close(self) -> None:
        """Ends all."""
        self._sweeper.close()
        with self._lock:
            _close_all(self._kept)

    def _forget_due(self) -> float | None:
        """Forgets what nobody looked at for long; as `Sweeper` wants it."""
        now = time.monotonic()
        for name in [name for name, kept in self._kept.items() if now - kept.idle_since > self.kept_seconds]:
            self._forget(name)
        return min((kept.idle_since + self.kept_seconds for kept in self._kept.values()), default=None)

    def _make_room(self, size: int) -> None:
        """Forgets what nobody looked at for long, and of those that ended the longest forgotten, until there
        is room for one more of so many bytes. Called under the lock, under which the place is to be taken
        too."""
        if size > self.most_bytes:
            raise TooMany(f"These are {megabytes(size)}: at most {megabytes(self.most_bytes)} go at a time.")
        self._forget_due()
        sizes = {name: kept.job.size for name, kept in self._kept.items()}
        ended = [name for name, kept in self._kept.items() if kept.job.progress.state != "running"]
        if not self._is_room(size, [sizes[name] for name in sizes.keys() - set(ended)]):
            raise NoRoom(ROOM_TAKEN)
        for name in sorted(ended, key=lambda name: self._kept[name].seen):
            if self._is_room(size, sizes.values()):
                return
            del sizes[name]
            self._forget(name)

    def _is_room(self, size: int, others: Collection[int]) -> bool:
        """Beside batches of so many bytes each."""
        places = len(others) + len(self._beginning) < MOST_JOBS
        return places and size + sum(others) + sum(self._beginning) <= self.most_bytes

    def _forget(self, name: str) -> None:
        self._kept.pop(name).close()


def _close_all(kept: dict[str, _Kept]) -> None:
    for one in kept.values():
        one.close()
    kept.clear()


def _unpacked(files: Sequence[tuple[str, bytes]]) -> tuple[list[Source], OwnFolder]:
    """What is to be asked about, and the folder of its own that it lies in."""
    try:
        return _stored(files)
    except OSError as error:
        if error.errno not in FULL:
            raise
        log.warning("a batch cannot begin: %s", error)
        raise NoRoom(DISK_FULL) from error


def _stored(files: Sequence[tuple[str, bytes]]) -> tuple[list[Source], OwnFolder]:
    folder = OwnFolder()
    try:
        sources = store(files, folder.path)
        if not sources:
            raise NothingInside
    except Exception:
        folder.close()
        raise
    return sources, folder


@st.cache_resource(max_entries=1, on_release=Jobs.close)
def jobs() -> Jobs:
    """Those of this process."""
    settings = load_settings()
    return Jobs(settings.batch_kept_seconds, settings.batch_kept_bytes)
