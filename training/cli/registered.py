"""Models as commands find and describe them."""

from typing import TYPE_CHECKING

from training.cli.console import counted
from training.cli.state import State, only_task

if TYPE_CHECKING:
    from backend.inference.manifest import Metrics
    from databases.registry import RegisteredModel


def find_model(state: State, version: str | None, task: str | None) -> "RegisteredModel":
    """The model that was named, or else the champion of a task: of the one named, or the library's only one.

    Raises:
        UnknownModel: there is none.
    """
    return serving_model(state, version, task if version else only_task(state, task))


def serving_model(state: State, version: str | None, task: str | None) -> "RegisteredModel":
    """The model that was named, or else what serves: the champion of a task, or the one promoted to last.

    Raises:
        UnknownModel: there is none.
    """
    from sqlalchemy.orm import Session

    from databases import registry
    from databases.errors import UnknownModel

    with Session(state.engine) as session:
        if version is not None:
            return registry.get_model(session, version)
        champion = registry.champion(session, task)
        if champion is None:
            reason = registry.nothing_promoted(session, task)
            train = f"menagerie train --task {task} --promote" if task else "menagerie train --promote"
            raise UnknownModel(
                f"{reason}; run: {train}" if task else f"{reason}; run: menagerie starter, or {train}"
            )
    return champion


def describe(metrics: "Metrics | None") -> str:
    if metrics is None:
        return "no test pictures, so nobody knows how good it is"
    shown = f"{metrics.accuracy:.1%} right on {counted(metrics.pictures, f'{metrics.split} picture')} "
    return f"{shown}{interval(*metrics.accuracy_interval)}{_once(metrics)}, macro F1 {metrics.macro_f1:.3f}"


def say_leaked(metrics: "Metrics | None") -> None:
    """Of a figure that is partly memory, what it is without that."""
    from training.cli.console import say

    if metrics is None or metrics.leaked is None:
        return
    others = metrics.pictures - metrics.leaked
    told = "on none of them is anything known of what it makes of others"
    if metrics.apart_accuracy is not None and metrics.apart_accuracy_interval is not None:
        right = f"{metrics.apart_accuracy:.1%} right {interval(*metrics.apart_accuracy_interval)}"
        told = f"on the other {counted(others, 'picture')}: {right}"
    say(
        f"[yellow]{metrics.leaked} of them look like pictures that it learnt from or was chosen by[/yellow]; "
        f"{told}. Which ones: menagerie audit"
    )


def interval(low: float, high: float) -> str:
    return f"(95 % interval {low:.1%} to {high:.1%})"


def _once(metrics: "Metrics") -> str:
    """The same with copies counted as one picture, where there are any."""
    groups, ends = metrics.groups, metrics.grouped_accuracy_interval
    if metrics.grouped_accuracy is None or ends is None or groups is None:
        return ""
    once = f"{metrics.grouped_accuracy:.1%} with copies counted once"
    return f", {once}: {counted(groups, 'picture')} {interval(*ends)}"
