"""The pictures that visitors brought along last: where the page is loaded anew, as phones do by themselves,
its address finds the answer again.

They lie on disk, and each visitor's with its answer alone: what else was asked about it is asked anew.
"""

import logging
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from frontend.answers import Prediction
from frontend.own_folders import OwnFolder
from frontend.picture import Picture
from frontend.settings import load_settings
from frontend.sweeping import Sweeper

MOST, MOST_BYTES = 200, 64_000_000  # of all pictures together; those that nobody saw for longest give way

log = logging.getLogger(__name__)


@dataclass
class Brought:
    """`path`: the file as it came; the others are those of a `Visit`, as far as they are known."""

    name: str
    path: Path
    size: int
    comparable: bool
    prediction: Prediction | None = None
    reported: str | None = None
    seen: float = field(default_factory=time.monotonic)


class Pictures:
    """Safe to use from several threads. Whoever knows a picture's token sees it: none is to be guessed.

    A visitor's goes with the next one that they choose. Nobody says goodbye, though: so it goes at the latest
    `kept_seconds` after it was seen last.
    """

    def __init__(self, kept_seconds: float) -> None:
        self.kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._kept: dict[str, Brought] = {}
        self._folder: OwnFolder | None = None
        self._sweeper = Sweeper(self._lock, self._forget_due, "pictures")

    def keep(self, picture: Picture, *, comparable: bool) -> str:
        """The token by which it is found again; where nothing is in it, or the disk is full, it is not."""
        token = secrets.token_urlsafe(12)
        if not picture.data:
            return token
        with self._lock:
            try:
                self._folder = self._folder or OwnFolder()
                path = self._folder.path / token
                _write(path, picture.data)
            except OSError as error:
                log.warning("a picture is not kept for when the page is loaded anew: %s", error)
                return token
            self._kept[token] = Brought(picture.name, path, len(picture.data), comparable)
            self._make_room()
            self._sweeper.wake()
        return token

    def find(self, token: str) -> tuple[Brought, Picture] | None:
        """What is known of a picture, and itself."""
        with self._lock:
            one = self._kept.get(token)
            try:
                data = one.path.read_bytes() if one else None
            except OSError:
                data = None  # somebody cleared the temporary folder
            if one is None or data is None:
                return None
            one.seen = time.monotonic()
            return one, Picture(one.name, data)

    def note(self, token: str, prediction: Prediction, reported: str | None) -> None:
        """Keeps what is known of a picture that is looked at; nothing where that is not kept."""
        with self._lock:
            one = self._kept.get(token)
            if one is not None:
                one.prediction, one.reported, one.seen = prediction, reported, time.monotonic()

    def forget(self, token: str) -> None:
        with self._lock:
            self._forget(token)

    def close(self) -> None:
        """Forgets all."""
        self._sweeper.close()
        with self._lock:
            self._kept.clear()
            if self._folder is not None:
                self._folder.close()

    def _forget(self, token: str) -> None:
        """Called under the lock."""
        one = self._kept.pop(token, None)
        if one is not None:
            one.path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        """Called under the lock."""
        by_age = sorted(self._kept, key=lambda token: self._kept[token].seen)
        size = sum(one.size for one in self._kept.values())
        while len(by_age) > MOST or size > MOST_BYTES:
            oldest = by_age.pop(0)
            size -= self._kept[oldest].size
            self._forget(oldest)

    def _forget_due(self) -> float | None:
        """Forgets what nobody saw for long; as `Sweeper` wants it."""
        now = time.monotonic()
        for token in [name for name, one in self._kept.items() if now - one.seen > self.kept_seconds]:
            self._forget(token)
        return min((one.seen + self.kept_seconds for one in self._kept.values()), default=None)


def _write(path: Path, data: bytes) -> None:
    """Leaves nothing behind where there is no room for all of it."""
    try:
        path.write_bytes(data)
    except OSError:
        path.unlink(missing_ok=True)
        raise


@st.cache_resource(max_entries=1, on_release=Pictures.close)
def pictures() -> Pictures:
    """Those of this process."""
    return Pictures(load_settings().batch_kept_seconds)
