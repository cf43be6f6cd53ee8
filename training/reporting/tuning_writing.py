"""Searches on disk."""

import csv
import io
from dataclasses import dataclass, fields
from pathlib import Path

from training.reporting.files import write_whole
from training.reporting.tuning_page import tuning_page
from training.reporting.writing import Written
from training.tuning.judging import Figures
from training.tuning.outcome import Outcome


@dataclass(frozen=True)
class WrittenTuning(Written):
    """`recipe`: the best one, as `train --config` reads it."""

    recipe: Path


def write_tuning(outcome: Outcome, folder: Path) -> WrittenTuning:
    """Writes `tune.html`, `trials.csv` and `best.yaml` into `folder`, which is made where it is absent."""
    written = WrittenTuning(folder / "tune.html", folder / "trials.csv", folder / "best.yaml")
    write_whole(written.page, tuning_page(outcome))
    write_whole(written.figures, _trials(outcome))
    write_whole(written.recipe, outcome.recipe.to_yaml())
    return written


def _trials(outcome: Outcome) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    figures = [field.name for field in fields(Figures)]
    searched = list(outcome.space.search)
    writer.writerow(["trial", "ended", "method", *figures, "epochs", "seconds", *searched])
    for one in outcome.tried:
        measured = [getattr(one.figures, name, "") for name in figures]
        chosen = [one.chosen.get(name, "") for name in searched]
        writer.writerow([one.number, one.state, one.method, *measured, len(one.epochs), one.seconds, *chosen])
    return buffer.getvalue()
