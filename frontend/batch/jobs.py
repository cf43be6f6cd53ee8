"""The batches that this process works on or remembers, for every visitor who knows their addresses."""

import secrets
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from frontend.batch.job import Job
from frontend.batch.sources import MAX_PICTURES, Source, store
from frontend.client import Api
from frontend.own_folders import OwnFolder
from frontend.settings import load_settings

MOST_JOBS = 16
SHORTEST_SLEEP = 0.05  # seconds


class TooMany(Exception):
    """More pictures, or more batches, than there is room for, in words for people."""


class NothingInside(Exception):
    """No file is in what was chosen."""


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
    """

    def __init__(self, kept_seconds: float) -> None:
        self.kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._beginning = 0  # have a place, and are being unpacked
        self._sweeping = False
        self._closed = threading.Event()
        weakref.finalize(self, _close_all, self._kept)

    def begin(self, api: Api, files: Sequence[tuple[str, bytes]]) -> str:
        """The id of a new batch that is at work.

        Raises:
            UnusableZip: as `store` does.
            NothingInside: there is no file in it.
            TooMany: of pictures in it, or of batches at work.
        """
        with self._lock:
            self._make_room()
            self._beginning += 1
        try:
            sources, folder = _unpacked(files)
        except BaseException:
            with self._lock:
                self._beginning -= 1
            raise
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._beginning -= 1
            self._kept[name] = _Kept(Job(api, sources, folder.path), folder)
            if not self._sweeping:
                self._sweeping = True
                threading.Thread(target=self._sweep, daemon=True, name="batches").start()
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
        self._closed.set()
        with self._lock:
            _close_all(self._kept)

    def _sweep(self) -> None:
        """Forgets what nobody looked at for long, as long as anything is kept."""
        while True:
            with self._lock:
                self._forget_idle()
                if not self._kept:
                    self._sweeping = False
                    return
                due = min(kept.idle_since for kept in self._kept.values()) + self.kept_seconds
            if self._closed.wait(max(due - time.monotonic(), SHORTEST_SLEEP)):
                return

    def _forget_idle(self) -> None:
        """Called under the lock."""
        now = time.monotonic()
        for name in [name for name, kept in self._kept.items() if now - kept.idle_since > self.kept_seconds]:
            self._forget(name)

    def _make_room(self) -> None:
        """Forgets what nobody looked at for long, and the longest forgotten of those that ended. Called under
        the lock, under which the place is to be taken too."""
        self._forget_idle()
        by_age = sorted(self._kept.items(), key=lambda entry: entry[1].seen)
        for name, kept in by_age:
            if self._taken >= MOST_JOBS and kept.job.progress.state != "running":
                self._forget(name)
        if self._taken >= MOST_JOBS:
            raise TooMany("Other batches take all the room there is. Try again in a few minutes.")

    def _forget(self, name: str) -> None:
        self._kept.pop(name).close()

    @property
    def _taken(self) -> int:
        return len(self._kept) + self._beginning


def _close_all(kept: dict[str, _Kept]) -> None:
    for one in kept.values():
        one.close()
    kept.clear()


def _unpacked(files: Sequence[tuple[str, bytes]]) -> tuple[list[Source], OwnFolder]:
    """What is to be asked about, and the folder of its own that it lies in."""
    folder = OwnFolder()
    try:
        sources = store(files, folder.path)
        if not sources:
            raise NothingInside
        if len(sources) > MAX_PICTURES:
            raise TooMany(f"These are {len(sources):,} pictures: at most {MAX_PICTURES:,} go at a time.")
    except Exception:
        folder.close()
        raise
    return sources, folder


@st.cache_resource(max_entries=1, on_release=Jobs.close)
def jobs() -> Jobs:
    """Those of this process."""
    return Jobs(load_settings().batch_kept_seconds)
