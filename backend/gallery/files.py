"""The files of an index: each written once, and read by every process that serves."""

import fcntl
import logging
import shutil
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from backend.gallery.building import Loose, build_segment
from backend.gallery.index import Index, Part
from backend.gallery.segment import UNREADABLE, BadSegment, Segment, make_durable, open_segment
from backend.gallery.state import CURRENT, DRAFT, State, read_state, write_state
from databases.gallery_rows import Change

log = logging.getLogger(__name__)

FORMAT = 3
LOCK = "lock"
TRIES = 5
UNUSED_SECONDS = 30 * 24 * 3600


class Files:
    """Those in `folder`: an index of `size` dimensions of the model that `model` identifies.

    What counts is what `current.json` names: it is replaced last. Whatever a crash left otherwise goes when
    the next is written.
    """

    def __init__(self, folder: Path, model: str, size: int) -> None:
        self.folder, self.size = folder, size
        self._model = model
        self._serial: int | None = None  # of what was read last
        self._segments: dict[str, Segment] = {}

    def changed(self) -> bool:
        """Whether something was written since they were read."""
        return self._serial_there() != self._serial

    def keep(self) -> None:
        """Tells that they are in use."""
        with suppress(OSError):
            (self.folder / LOCK).touch()

    @contextmanager
    def locked(self, *, wait: bool) -> Iterator[bool]:
        """Whether we are the one who writes until the end of the block; the lock goes with the process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / LOCK).touch()
        with _lock(self.folder / LOCK, wait=wait) as ours:
            yield ours

    def _serial_there(self) -> int | None:
        state = read_state(self.folder)
        return None if state is None else state.serial

    def read(self) -> Index | None:
        """The index as `current.json` tells it; None where there is none, or it is damaged or of another."""
        for _ in range(TRIES):
            state = read_state(self.folder)
            expected = (FORMAT, self._model, self.size)
            if state is None or (state.format, state.model, state.size) != expected:
                return None
            try:
                index = self._open(state)
            except (BadSegment, *UNREADABLE) as error:
                if self._serial_there() == state.serial:
                    log.warning("the index at %s is damaged, and made anew: %s", self.folder, error)
                    return None
                continue  # another process wrote it meanwhile, and removed what we wanted to read
            self._serial = state.serial
            return index
        return None

    def _open(self, state: State) -> Index:
        known = {name: self._segments.get(name) for name in state.segments}
        self._segments = {
            name: segment or open_segment(self.folder / name, self.size) for name, segment in known.items()
        }
        # numpy would leave the file open where it is no archive.
        with (
            (self.folder / _gone(state.serial)).open("rb") as file,
            np.load(file, allow_pickle=False) as gone,
        ):
            parts = []
            for name, segment in self._segments.items():
                live = np.ones(len(segment), np.bool_)
                if name in gone:
                    live[gone[name]] = False
                parts.append(Part(segment, live))
        labels = {label: number for number, label in enumerate(state.labels, 1)}
        return Index(Change(state.change, state.token), labels, tuple(parts), frozenset(state.left_out))

    def write(self, index: Index, loose: Loose) -> None:
        """Writes `index`, of which there are the parts, and `loose` rows as a segment beside them. Only who
        holds the lock may."""
        serial = (self._serial_there() or 0) + 1
        # Never a name that another part had: that may still be open here or in another process.
        new, gone = self.folder / uuid.uuid4().hex, self.folder / _gone(serial)
        names = [part.segment.name for part in index.parts]
        try:
            if len(loose):
                build_segment(new, loose)
                names.append(new.name)
            rows: dict[str, Any] = {part.segment.name: np.flatnonzero(~part.live) for part in index.parts}
            np.savez(gone, **rows)
            make_durable(gone)
            write_state(self.folder, self._state(index, serial, names))
        except BaseException:  # the disk is full, for one: it is not to be filled further
            if self._serial_there() != serial:
                _remove([new, gone, self.folder / DRAFT])
            raise
        _tidy(self.folder, {CURRENT, LOCK, gone.name, *names})

    def _state(self, index: Index, serial: int, names: Sequence[str]) -> State:
        assert index.change is not None
        return State(
            format=FORMAT,
            model=self._model,
            size=self.size,
            serial=serial,
            change=index.change.number,
            token=index.change.token,
            labels=tuple(index.labels),
            segments=tuple(names),
            left_out=tuple(sorted(index.left_out)),
        )


@contextmanager
def _lock(path: Path, *, wait: bool) -> Iterator[bool]:
    """Whether no other process holds the file until the end of the block."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def check_lockable(folder: Path) -> None:
    """Raises OSError where the lock of an index in `folder` cannot be taken whoever holds it."""
    with _lock(folder / LOCK, wait=False):
        pass


def remove_unused(folder: Path, now: float) -> None:
    """Empties the indexes below `folder` that nobody has used for a month before `now` (seconds since 1970);
    who does after all makes one anew."""
    for lock in folder.glob(f"*/{LOCK}"):
        with suppress(OSError):
            unused = now - lock.stat().st_mtime > UNUSED_SECONDS
            if unused and (lock.parent / CURRENT).exists():
                _empty(lock)


def _empty(lock: Path) -> None:
    with _lock(lock, wait=False) as ours:
        if ours:
            (lock.parent / CURRENT).unlink()
            _tidy(lock.parent, {LOCK})


def _tidy(folder: Path, used: Collection[str]) -> None:
    """Removes what is used no more; who still reads it has it open."""
    _remove(path for path in folder.iterdir() if path.name not in used)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _gone(serial: int) -> str:
    """The file of the rows that no longer count, by segment."""
    return f"gone-{serial:06}.npz"
