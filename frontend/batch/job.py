"""A batch at work: it goes on in a thread of its own, whoever looks at it or goes away."""

import logging
import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from frontend.answering.calls import Word
from frontend.answers import Problem
from frontend.batch.calls import BatchAnswer, BatchItem, predict_batch
from frontend.batch.errors import UnusableFile
from frontend.batch.rows import Row
from frontend.batch.sources import Source
from frontend.client import Api, ApiError
from frontend.picture import preview
from frontend.uploads import MOST_PICTURE_BYTES, ZIP_STARTS
from frontend.wording import FAULT, notice_for

# Small enough for a progress that moves, and that others have their turns at the API in between; and of large
# pictures fewer, of which two lots lie in memory for each batch at work.
AT_ONCE = 16
AT_ONCE_BYTES = MOST_PICTURE_BYTES
THUMBNAIL_SIDE = 120
# Of the files of a batch that ended: they stay as long as it is kept, to be looked at closely and reported.
MOST_KEPT_BYTES = 100_000_000
BUSY = ("rate_limited", "overloaded")
TOO_MUCH = ("too_many_items", "too_many_bytes")
RETRIES, RETRY_SECONDS = 6, 2.0

log = logging.getLogger(__name__)

State = Literal["running", "paused", "cancelled", "done"]


@dataclass(frozen=True)
class Progress:
    """`seconds_left`: None as long as nobody can tell."""

    state: State
    done: int
    total: int
    seconds_left: float | None
    failure: ApiError | None


@dataclass(frozen=True)
class _Prepared:
    """A file as it is sent, or what is wrong with it."""

    name: str
    data: bytes | None
    problem: str | None
    thumbnail: bytes | None


class Job:
    """Asks about `sources` in their order. Safe to use from several threads."""

    def __init__(self, api: Api, sources: Sequence[Source], folder: Path) -> None:
        self._api = api
        self._sources = sources
        self._folder = folder
        self._lock = threading.Lock()
        self._rows: list[Row] = []
        self._state: State = "paused"
        self._failure: ApiError | None = None
        self._stopped = time.monotonic()
        self._waiting: list[_Prepared] = []  # read, and not answered
        self._read = 0
        # Less, as soon as the API takes less at a time.
        self._at_once, self._at_once_bytes = AT_ONCE, AT_ONCE_BYTES
        self._busy_seconds = 0.0
        self.resume(api)

    @property
    def rows(self) -> list[Row]:
        with self._lock:
            return list(self._rows)

    @property
    def progress(self) -> Progress:
        with self._lock:
            done, total = len(self._rows), len(self._sources)
            left = self._busy_seconds / done * (total - done) if done else None
            return Progress(self._state, done, total, left, self._failure)

    @property
    def idle_since(self) -> float | None:
        """By the monotonic clock; None while it is at work."""
        with self._lock:
            return None if self._state == "running" else self._stopped

    @property
    def size(self) -> int:
        """Bytes of the files that it keeps on disk."""
        return _size(self._folder)

    def picture(self, place: int) -> bytes | None:
        """The file of a row, counted from 0, as it came; None where it cannot be read."""
        try:
            return self._sources[place].read()
        except (UnusableFile, OSError):
            return None

    def note(self, place: int, word: Word) -> None:
        """Keeps what was reported of a row's answer."""
        with self._lock:
            self._rows[place] = replace(self._rows[place], word=word)

    def resume(self, api: Api) -> None:
        """Goes on where it stopped, by `api`: the one before is closed where the key changed."""
        with self._lock:
            if self._state != "paused":
                return
            self._state, self._failure, self._api = "running", None, api
        threading.Thread(target=self._work, daemon=True, name="batch").start()

    def cancel(self) -> None:
        """Asks about no more; what was answered stays."""
        with self._lock:
            if self._state in ("running", "paused"):
                self._state, self._stopped = "cancelled", time.monotonic()

    def close(self) -> None:
        """Ends it, and gives back what it kept on disk."""
        self.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _work(self) -> None:
        try:
            self._ask_all()
        except ApiError as error:
            self._end("paused", error)
        except Exception as error:
            # Whatever it is: a thread that ended without a word would leave the page waiting for ever.
            log.exception("a batch stopped")
            self._end("paused", ApiError(FAULT, f"{type(error).__name__}, told in the log of this page"))
        else:
            self._end("done")
            if self.size > MOST_KEPT_BYTES:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _ask_all(self) -> None:
        """Until all are answered, or it was cancelled. What was read and not answered waits, if it fails."""
        with ThreadPoolExecutor(1) as ahead:
            upcoming = ahead.submit(self._prepare)
            while chunk := upcoming.result():
                begun = time.monotonic()
                upcoming = ahead.submit(self._prepare)
                try:
                    rows = self._answered(chunk)
                except Exception:
                    self._waiting = chunk + upcoming.result() + self._waiting
                    raise
                with self._lock:
                    self._rows.extend(rows)
                    self._busy_seconds += time.monotonic() - begun
                    if self._state != "running":
                        break

    def _end(self, state: State, failure: ApiError | None = None) -> None:
        with self._lock:
            if self._state == "running":
                self._state, self._failure, self._stopped = state, failure, time.monotonic()

    def _prepare(self) -> list[_Prepared]:
        """What is sent next; nothing where all was, or it was cancelled."""
        chunk: list[_Prepared] = []
        size = 0
        while len(chunk) < self._at_once and (one := self._next()) is not None:
            size += len(one.data or b"")
            if chunk and size > self._at_once_bytes:
                self._waiting.insert(0, one)
                break
            chunk.append(one)
        return chunk

    def _next(self) -> _Prepared | None:
        if self._waiting:
            return self._waiting.pop(0)
        with self._lock:
            if self._state != "running" or self._read == len(self._sources):
                return None
        self._read += 1
        return _prepared(self._sources[self._read - 1])

    def _answered(self, chunk: list[_Prepared]) -> list[Row]:
        sendable = [(one.name, one.data) for one in chunk if one.data is not None]
        items = self._ask_in_parts(sendable) if sendable else []
        if len(items) != len(sendable):
            detail = f"{len(sendable)} pictures were sent, {len(items)} were answered"
            raise ApiError("unexpected_answer", detail)
        answers = iter(items)
        return [_row(one, None if one.data is None else next(answers)) for one in chunk]

    def _ask_in_parts(self, pictures: list[tuple[str, bytes]]) -> list[BatchItem]:
        """Half by half, where all are more than the API takes at a time. What it does not take alone has that
        for an answer: the others are not to wait for it."""
        try:
            return list(self._ask(pictures).items)
        except ApiError as error:
            if error.code not in TOO_MUCH:
                raise
            if len(pictures) == 1:
                problem = Problem(code=error.code, detail=error.detail)
                return [BatchItem(name=pictures[0][0], prediction=None, error=problem)]
            half = len(pictures) // 2
            if error.code == "too_many_items":
                self._at_once = min(self._at_once, half)
            else:
                size = sum(len(data) for _, data in pictures)
                self._at_once_bytes = min(self._at_once_bytes, size // 2)
        return self._ask_in_parts(pictures[:half]) + self._ask_in_parts(pictures[half:])

    def _ask(self, pictures: list[tuple[str, bytes]]) -> BatchAnswer:
        for attempt in range(RETRIES):
            try:
                return predict_batch(self._api, pictures)
            except ApiError as error:
                if error.code not in BUSY or attempt == RETRIES - 1:
                    raise
            time.sleep(RETRY_SECONDS)
        raise AssertionError("unreachable")


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except FileNotFoundError:
        return 0  # the batch was closed meanwhile


def _prepared(source: Source) -> _Prepared:
    try:
        data = source.read()
    except UnusableFile as error:
        return _Prepared(source.name, None, str(error), None)
    except OSError:
        return _Prepared(source.name, None, "It is gone: this batch was given up.", None)
    except Exception:
        log.exception("a file of a batch could not be read")
        return _Prepared(source.name, None, "It cannot be read here.", None)
    if data[:4] in ZIP_STARTS:
        return _Prepared(source.name, None, "It is a zip inside a zip: unpack it first.", None)
    return _Prepared(source.name, data, None, preview(data, THUMBNAIL_SIDE))


def _row(one: _Prepared, item: BatchItem | None) -> Row:
    if item is None:
        return Row(one.name, None, one.problem, one.thumbnail)
    problem = None
    if item.error is not None:
        problem = f"{notice_for(ApiError(item.error.code, item.error.detail)).title}."
    return Row(one.name, item.prediction, problem, one.thumbnail)
