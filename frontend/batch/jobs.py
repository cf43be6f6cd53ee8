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
from frontend.batch.sources import MAX_PICTURES, store
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

    def begin(self, api: Api, files: Sequence[tuple[str, bytes]]) -> str:
        """The id of a new batch that is at work.

        Raises:
            UnusableZip: as `store` does.
            NothingInside: there is no file in it.
            TooMany: of pictures in it, or of batches at work.
        """
        self._make_room()
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
        name = secrets.token_urlsafe(12)
        with self._lock:
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
        """Forgets what nobody looked at for long, and the longest forgotten of those that ended."""
        with self._lock:
            now = time.monotonic()
            by_age = sorted(self._kept.items(), key=lambda entry: entry[1].seen)
            for name, kept in by_age:
                full = len(self._kept) >= MOST_JOBS and kept.job.progress.state != "running"
                if full or now - kept.seen > KEPT_SECONDS:
                    kept.job.close()
                    del self._kept[name]
            if len(self._kept) >= MOST_JOBS:
                raise TooMany("Other batches take all the room there is. Try again in a few minutes.")


@st.cache_resource(max_entries=1, on_release=Jobs.close)
def jobs() -> Jobs:
    """Those of this process."""
    return Jobs()
