"""What is known of each picture of a batch, and how that is written down."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from frontend.answering.calls import Word
from frontend.answers import Prediction

Filter = Literal["all", "confident", "unsure", "not_an_animal", "refused"]
# Spreadsheets take what begins with one of these for a formula, and compute it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "file",
    "answer",
    "score",
    "verdict",
    "second",
    "second_score",
    "neighbours_agree",
    "model",
    "problem",
    "reported",
    "right_label",
)


@dataclass(frozen=True)
class Row:
    """`prediction`, or `problem` in words where there is none. `thumbnail`: a small JPEG, where it can be
    shown. `word`: what was reported of the answer."""

    name: str
    prediction: Prediction | None
    problem: str | None
    thumbnail: bytes | None
    word: Word | None = None

    @property
    def kind(self) -> Filter:
        return "refused" if self.prediction is None else self.prediction.verdict

    @property
    def label(self) -> str | None:
        return None if self.prediction is None else self.prediction.label


def passing(rows: Iterable[Row], kind: Filter, label: str | None) -> list[Row]:
    """Those of a kind and with a label; None stands for every label."""
    return [row for row in rows if kind in ("all", row.kind) and label in (None, row.label)]


def counts(rows: Iterable[Row]) -> Counter[Filter]:
    return Counter(row.kind for row in rows)


def labels(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """The labels answered, the most frequent first."""
    found = Counter(row.label for row in rows if row.label is not None)
    return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))


def as_csv(rows: Sequence[Row]) -> bytes:
    """UTF-8 with a mark in front, by which spreadsheets know it; no cell can be taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in _cells(row)])
    return out.getvalue().encode("utf-8-sig")


def _cells(row: Row) -> list[str]:
    told = row.prediction
    if told is None:
        return [row.name, "", "", "refused", "", "", "", "", row.problem or "", "", ""]
    # How sure a guess is that was refused says nothing of the answer that took its place.
    said = told.label is not None
    second = told.top_k[1] if said and len(told.top_k) > 1 else None
    agree = told.neighbours_agree if said else None
    return [
        row.name,
        told.label or "",
        f"{told.score:.4f}" if said else "",
        told.verdict,
        second.label if second else "",
        f"{second.score:.4f}" if second else "",
        "" if agree is None else f"{agree:.2f}",
        told.model.version,
        "",
        "" if row.word is None else "right" if row.word.correct else "wrong",
        (row.word and row.word.label) or "",
    ]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
