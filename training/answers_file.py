"""Answers to many pictures in a file, which can be gone on with where it was broken off."""

import fcntl
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from training.answer_rows import ROW_FORMATS, EarlierAnswer, NotAnAnswer, Row
from training.bulk import Answered, Refusal
from training.errors import BadSource
from training.escaping import in_one_line
from training.reporting.files import write_whole

LISTED = 5  # labels, where there is room for them


@contextmanager
def answering_into(path: Path) -> Iterator[None]:
    """Keeps other processes off a file of answers until the block ends.

    A file beside it is locked and then removed; the kernel takes the lock back from whoever is killed.

    Raises:
        BadSource: another process writes to it, or its folder cannot be written.
    """
    whole = path.resolve()
    place = whole.with_name(f".{whole.name}.lock")
    try:
        lock = _lock(place)
    except OSError as error:
        raise BadSource(f"{in_one_line(str(path))} cannot be written: {error.strerror}") from error
    if lock is None:
        raise BadSource(
            f"another process writes answers to {in_one_line(str(path))}: wait for it, or name another file"
        )
    try:
        yield
    finally:
        place.unlink(missing_ok=True)  # while it is held: whoever opened it sees that it is gone
        os.close(lock)


def _lock(place: Path) -> int | None:
    """A descriptor that holds `place`; None where another does."""
    while True:
        lock = os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if place.exists() and os.path.samestat(os.fstat(lock), place.stat()):
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        except FileNotFoundError:  # removed between the two looks at it
            pass
        os.close(lock)


class AnswersFile:
    """A .csv or .jsonl file of answers by the model `version`, one line a picture.

    What a kill left of a line is cut off when the file is opened.

    Raises:
        BadSource: it is neither, cannot be written, or holds other answers; the message says what to do.
    """

    def __init__(self, path: Path, version: str, labels: Sequence[str]) -> None:
        self.name = in_one_line(str(path))
        if path.suffix not in ROW_FORMATS:
            raise BadSource(f"{self.name}: answers are written as {' or '.join(ROW_FORMATS)}")
        self._format = ROW_FORMATS[path.suffix]
        self._path = path
        self._version = version
        self._labels = labels
        try:
            self._lines = self._open()
        except OSError as error:
            raise self._unwritable(error) from error

    @property
    def rows(self) -> Mapping[str, Row]:
        """What is answered, by file."""
        return {row.file: row for row, _ in self._lines}

    def forget(self, files: Collection[str]) -> None:
        """Takes answers out; whoever is killed meanwhile leaves all of them where they were.

        Raises:
            BadSource: the file's folder cannot be written.
        """
        kept = [(row, line) for row, line in self._lines if row.file not in files]
        if len(kept) == len(self._lines):
            return
        try:
            # Where the path is a link, it goes on being one.
            write_whole(self._path.resolve(), self._format.header + "".join(line for _, line in kept))
        except OSError as error:
            raise self._unwritable(error) from error
        self._lines = kept

    def append(self, answered: Sequence[Answered]) -> None:
        """Writes some answers, all of them or, after a kill, what can be told from all."""
        lines = "".join(self._format.write(self._values(one)) for one in answered)
        with self._path.open("a", encoding="utf-8", newline="") as file:
            file.write(lines)

    def _open(self) -> list[tuple[Row, str]]:
        """What is answered already, each with its line."""
        self._path.touch()
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        lines = self._read(data, whole)  # nothing is cut off before it is known to be ours
        others = {row.model for row, _ in lines} - {self._version}
        if others:
            raise BadSource(
                f"{self.name} holds answers of {sorted(others)[0]}, not {self._version}: name another file"
            )
        if whole != data:
            with self._path.open("r+b") as file:
                file.truncate(len(whole))
        if not whole:
            self._path.write_text(self._format.header, encoding="utf-8", newline="")
        return lines

    def _read(self, data: bytes, whole: bytes) -> list[tuple[Row, str]]:
        try:
            self._format.check_start(data)
            text = whole.decode().removeprefix(self._format.header)
            return [(self._format.read(line), f"{line}\n") for line in text.split("\n")[:-1]]
        except EarlierAnswer:
            raise BadSource(
                f"{self.name} holds answers of an earlier version, which do not tell what state of a file "
                "they are about: name another file, or delete this one to have all answered anew"
            ) from None
        except (NotAnAnswer, UnicodeDecodeError):
            raise BadSource(f"{self.name} holds something else than answers: name another file") from None

    def _unwritable(self, error: OSError) -> BadSource:
        return BadSource(f"{self.name} cannot be written: {error.strerror}")

    def _values(self, one: Answered) -> dict[str, Any]:
        values: dict[str, Any] = {"file": one.question.written}
        if isinstance(one.answer, Refusal):
            values |= {"error": one.answer.code, "detail": one.answer.reason}
        else:
            best = (-one.answer.scores).argsort(kind="stable")[:LISTED]
            values |= {
                "label": one.answer.label,
                "score": one.answer.score,
                "verdict": one.answer.verdict,
                "novelty": one.answer.novelty,
                "top_k": [{"label": self._labels[i], "score": float(one.answer.scores[i])} for i in best],
            }
        return values | {
            "bytes": one.stamp and one.stamp.bytes,
            "modified": one.stamp and one.stamp.modified,
            "model": self._version,
        }
