"""Answers as lines of a .csv or .jsonl file, and what such a line tells when it is read again."""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any, Protocol

from training.stamps import Stamp

COLUMNS = ("file", "label", "score", "verdict", "novelty", "error", "detail", "bytes", "modified", "model")
EARLIER_COLUMNS = ("file", "label", "score", "verdict", "novelty", "error", "detail", "model")


class NotAnAnswer(ValueError):
    """A line is none of ours."""


class EarlierAnswer(NotAnAnswer):
    """A line is ours, from when answers did not tell which state of a file they are about."""


@dataclass(frozen=True)
class Row:
    """What going on has to know of an answer. `failed`: it says why there is none."""

    file: str
    stamp: Stamp | None
    failed: bool
    model: str


class RowFormat(Protocol):
    """How answers are written: a header, which may be empty, and one line each."""

    header: str

    def write(self, values: dict[str, Any]) -> str: ...

    def read(self, line: str) -> Row:
        """Raises NotAnAnswer."""
        ...

    def check_start(self, start: bytes) -> None:
        """Raises NotAnAnswer where no file of answers begins so, whatever a kill left of it."""
        ...


class CsvRows:
    header = ",".join(COLUMNS) + "\n"

    def write(self, values: dict[str, Any]) -> str:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow([_cell(values.get(column)) for column in COLUMNS])
        return buffer.getvalue()

    def read(self, line: str) -> Row:
        try:
            (cells,) = csv.reader([line], strict=True)
            values = dict(zip(COLUMNS, cells, strict=True))
        except (ValueError, csv.Error):
            raise NotAnAnswer from None
        return _row(values)

    def check_start(self, start: bytes) -> None:
        if not _begins(self.header, start):
            earlier = ",".join(EARLIER_COLUMNS) + "\n"
            raise EarlierAnswer if _begins(earlier, start) else NotAnAnswer


class JsonRows:
    header = ""

    def write(self, values: dict[str, Any]) -> str:
        return json.dumps(values, ensure_ascii=False) + "\n"

    def read(self, line: str) -> Row:
        try:
            values = json.loads(line)
        except ValueError:
            raise NotAnAnswer from None
        if not isinstance(values, dict):
            raise NotAnAnswer
        if not values.keys() >= {"bytes", "modified"}:
            raise EarlierAnswer if "model" in values and values.keys() & {"verdict", "error"} else NotAnAnswer
        return _row(values)

    def check_start(self, start: bytes) -> None:
        if not _begins('{"file": ', start):
            raise NotAnAnswer


ROW_FORMATS: dict[str, RowFormat] = {".csv": CsvRows(), ".jsonl": JsonRows()}


def _row(values: dict[str, Any]) -> Row:
    told = {name: str(value) for name, value in values.items() if value not in (None, "")}
    size = told.get("bytes")
    if not told.keys() >= {"file", "model"} or not (size is None or size.isdecimal()):
        raise NotAnAnswer
    stamp = None if size is None else Stamp(int(size), told.get("modified"))
    return Row(told["file"], stamp, "error" in told, told["model"])


def _begins(text: str, start: bytes) -> bool:
    return text.encode().startswith(start[: len(text)])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else " ".join(str(value).splitlines())  # a row is a line
