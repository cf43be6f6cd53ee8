"""Trials as people see them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from optuna.trial import FrozenTrial, TrialState

from training.recipe import Recipe, make_recipe
from training.tuning.judging import Figures
from training.tuning.study import FIGURES, METHOD, REASON, RECIPE

State = Literal["finished", "stopped early", "broken off", "running", "waiting"]
STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "broken off",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


@dataclass(frozen=True)
class Tried:
    """A trial: `value` is what the search goes by, and `figures` all that was measured, of finished ones;
    `epochs`: the former after each of them, from 1, before calibration. `chosen`: the values that were chosen
    for it. `reason`: why it was stopped early. `recipe`: None where it did not come so far."""

    number: int
    state: State
    recipe: Recipe | None
    chosen: Mapping[str, object]
    value: float | None
    figures: Figures | None
    epochs: tuple[tuple[int, float], ...]
    seconds: float | None
    reason: str | None

    @property
    def method(self) -> str:
        return "" if self.recipe is None else f"{self.recipe.architecture} {self.recipe.strategy}"


def read_trial(trial: FrozenTrial) -> Tried:
    attributes = trial.user_attrs
    return Tried(
        number=trial.number,
        state=STATES[trial.state],
        recipe=make_recipe(attributes[RECIPE], f"trial {trial.number}") if RECIPE in attributes else None,
        chosen={name: value for name, value in trial.params.items() if name != METHOD},
        value=trial.value if trial.state == TrialState.COMPLETE else None,
        figures=Figures(**attributes[FIGURES]) if FIGURES in attributes else None,
        epochs=tuple(
            (epoch, value)
            for epoch, value in sorted(trial.intermediate_values.items())
            if math.isfinite(value)
        ),
        seconds=trial.duration.total_seconds() if trial.duration else None,
        reason=attributes.get(REASON),
    )


def in_words(chosen: Mapping[str, object]) -> str:
    """Values of a recipe in one line."""
    return ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in chosen.items())


def shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
