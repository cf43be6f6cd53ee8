"""The classification report: each label's shares, with their intervals."""

from dataclasses import dataclass

from backend.certainty import Share, wilson
from training.evaluation import LabelReport
from training.reporting.report import Report


@dataclass(frozen=True)
class LabelRow:
    """A row of the classification report. `found` of the label's pictures; `precise` of its answers."""

    figures: LabelReport
    precise: Share
    found: Share


def label_rows(report: Report) -> list[LabelRow]:
    """The labels that were shown or answered, with the intervals of their shares."""
    confusion = report.evaluation.confusion
    right, answered = confusion.diagonal(), confusion.sum(axis=0)
    return [
        LabelRow(row, wilson(int(right[i]), int(answered[i])), wilson(int(right[i]), row.pictures))
        for i, row in enumerate(report.evaluation.per_label)
        if row.pictures or answered[i]
    ]
