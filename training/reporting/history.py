"""How a network learnt, epoch by epoch, as its manifest tells."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from pydantic import JsonValue


@dataclass(frozen=True)
class Epoch:
    """One pass over the training pictures; None where nothing was recorded. Losses are cross-entropies, the
    others lie between 0 and 1."""

    epoch: int
    train_loss: float | None = None
    train_accuracy: float | None = None
    train_f1: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_f1: float | None = None


FIGURES = tuple(field.name for field in fields(Epoch) if field.name != "epoch")


def read_history(training: Mapping[str, JsonValue]) -> tuple[Epoch, ...]:
    """The manifest's `training.history`; empty for what was not trained in epochs."""
    entries = training.get("history")
    if not isinstance(entries, list):
        return ()
    return tuple(_epoch(number, entry) for number, entry in enumerate(entries) if isinstance(entry, dict))


def read_kept(training: Mapping[str, JsonValue]) -> int | None:
    """The epoch whose weights were kept, from 1; 0 for what the epochs began with, None where nobody says."""
    kept = _number(training.get("best_epoch"))
    return None if kept is None else int(kept)


def _epoch(position: int, entry: Mapping[str, JsonValue]) -> Epoch:
    number = _number(entry.get("epoch"))
    figures = {name: _number(entry.get(name)) for name in FIGURES}
    return Epoch(position if number is None else int(number), **figures)


def _number(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
