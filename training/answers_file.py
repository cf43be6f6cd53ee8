"""Answers to many pictures in a file, which can be gone on with where it was broken off."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.bulk import Answered, Refusal
from training.errors import BadSource

COLUMNS = ("file", "label", "score", "verdict", "novelty", "error", "detail", "model")
LISTED = 5  # labels, where there is room for them
FORMATS = (".csv", ".jsonl")


class AnswersFile:
    """A .csv or .jsonl file of answers by the model `version`, one line a picture.

    What a kill left of a line is cut off when the file is opened.

    Raises:
        BadSource: it is neither, cannot be written, or holds other answers; the message says what to do.
    """

    def __init__(self, path: Path, version: str, labels: Sequence[str]) -> None:
        if path.suffix not in FORMATS:
            raise BadSource(f"{path}: answers are written as {' or '.join(FORMATS)}")
        self._path = path
        self._version = version
        self._labels = labels
        try:
            self.done = self._open()
        except OSError as error:
            raise BadSource(f"{path} cannot be written: {error.strerror}") from error

    def append(self, answered: Sequence[Answered]) -> None:
        """Writes some answers, all of them or, after a kill, what can be told from all."""
        lines = "".join(self._line(one) for one in answered)
        with self._path.open("a", encoding="utf-8", newline="") as file:
            file.write(lines)

    def _open(self) -> frozenset[str]:
        """Which files are answered already."""
        self._path.touch()
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        # Nothing is cut off before it is known to be ours.
        begin = (_as_csv(COLUMNS) if self._is_table else '{"file": ').encode()
        if not begin.startswith(data[: len(begin)]):
            raise self._foreign()
        rows = self._rows(whole)
        others = {str(row.get("model")) for row in rows} - {self._version}
        if others:
            raise BadSource(
                f"{self._path} holds answers of {sorted(others)[0]}, not {self._version}: name another file"
            )
        if whole != data:
            with self._path.open("r+b") as file:
                file.truncate(len(whole))
        if not whole and self._is_table:
            self._path.write_text(_as_csv(COLUMNS), encoding="utf-8", newline="")
        return frozenset(str(row["file"]) for row in rows)

    def _rows(self, whole: bytes) -> list[Any]:
        try:
            text = whole.decode()
            if self._is_table:
                rows = list(csv.DictReader(io.StringIO(text, newline="")))
            else:
                rows = [json.loads(line) for line in text.split("\n")[:-1]]
        except (ValueError, csv.Error):
            raise self._foreign() from None
        if not all(isinstance(row, dict) and row.get("file") and row.get("model") for row in rows):
            raise self._foreign()
        return rows

    def _foreign(self) -> BadSource:
        return BadSource(f"{self._path} holds something else than answers: name another file")

    @property
    def _is_table(self) -> bool:
        return self._path.suffix == ".csv"

    def _line(self, one: Answered) -> str:
        values = self._values(one)
        if self._is_table:
            return _as_csv([_cell(values.get(column)) for column in COLUMNS])
        return json.dumps(values, ensure_ascii=False) + "\n"

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
        return values | {"model": self._version}


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _as_csv(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
