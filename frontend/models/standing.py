"""Which promotions stand, from the history of what was done."""

from collections.abc import Sequence

from frontend.models.answers import Event


def champion_before(events: Sequence[Event]) -> str | None:
    """The champion that going back would lead to; `events` are a task's, the newest first."""
    standing: list[str] = []
    for event in reversed(events):
        if event.kind == "promoted":
            standing.append(event.version)
        elif event.version in standing:
            standing.pop()
    return standing[-2] if len(standing) > 1 else None
