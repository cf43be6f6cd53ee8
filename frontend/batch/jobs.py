"""The batches that this process works on or remembers, for every visitor who knows their addresses."""

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from frontend.batch.job import Job
from frontend.batch.sources import MAX_PICTURES, Source, store
from frontend.client import Api

MOST_JOBS = 16
KEPT_SECONDS = 3600.0  # after somebody looked at it last


class TooMany(Exception):
    """More pictures, or more batches, than there is room for, in words for people."""


class NothingInside(Exception):
    """No file is in what was chosen."""


@dataclass
class _Kept:
    job: Job
    seen: float = field(default_factory=time.monotonic)


class Jobs:
    """Safe to use from several threads. Ids are not to be guessed: who knows one sees its pictures."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._beginning = 0  # have a place, and are being unpacked

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
            self._kept[name] = _Kept(Job(api, sources, folder))
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
        with self._lock:
            for kept in self._kept.values():
                kept.job.close()
            self._kept.clear()

    def _make_room(self) -> None:
        """Forgets what nobody looked at for long, and the longest forgotten of those that ended. Called under
        the lock, under which the place is to be taken too."""
        now = time.monotonic()
        by_age = sorted(self._kept.items(), key=lambda entry: entry[1].seen)
        for name, kept in by_age:
            full = self._taken >= MOST_JOBS and kept.job.progress.state != "running"
            if full or now - kept.seen > KEPT_SECONDS:
                kept.job.close()
                del self._kept[name]
        if self._taken >= MOST_JOBS:
            raise TooMany("Other batches take all the room there is. Try again in a few minutes.")

    @property
    def _taken(self) -> int:
        return len(self._kept) + self._beginning


def _unpacked(files: Sequence[tuple[str, bytes]]) -> tuple[list[Source], Path]:
    """What is to be asked about, and the folder of its own that it lies in."""
    folder = Path(tempfile.mkdtemp(prefix="menagerie-batch-"))
    try:
        sources = store(files, folder)
        if not sources:
            raise NothingInside
        if len(sources) > MAX_PICTURES:
            raise TooMany(f"These are {len(sources):,} pictures: at most {MAX_PICTURES:,} go at a time.")
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return sources, folder


@st.cache_resource(max_entries=1, on_release=Jobs.close)
def jobs() -> Jobs:
    """Those of this process."""
    return Jobs()
