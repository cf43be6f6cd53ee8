"""Plotly figures of a search."""

from collections.abc import Callable, Iterable
from itertools import accumulate

import plotly.graph_objects as go

from training.reporting.ground import COLOURS, NEUTRAL, name_of
from training.tuning.outcome import Outcome
from training.tuning.space import Range
from training.tuning.tried import Tried, shown

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "pentagon", "star", "hexagon", "cross")
# Losses so many times as large as the best one leave the others no room, unless the axis is logarithmic.
WIDE = 8
LOG_AXIS = {"type": "log", "dtick": "D2", "tickformat": "~g"}


def course(outcome: Outcome) -> go.Figure:
    """What each trial came to, and the best so far."""
    figure = _figure("trial", words(outcome.monitor))
    finished = [(one.number, one.value) for one in outcome.tried if one.value is not None]
    figure.add_scatter(
        x=[number for number, _ in finished],
        y=list(accumulate((value for _, value in finished), min if outcome.minimise else max)),
        name="best so far",
        mode="lines",
        line={"shape": "hv", "color": NEUTRAL, "width": 2},
        hoverinfo="skip",
    )
    _add_trials(figure, outcome, outcome.ranked, lambda one: one.number)
    _add_stopped(figure, outcome)
    figure.update_xaxes(range=[-0.5, len(outcome.tried) - 0.5], dtick=max(1, len(outcome.tried) // 10))
    return _scaled(figure, outcome)


def importances(outcome: Outcome) -> go.Figure:
    """How much each value has to do with being among the best."""
    shares = [share for _, share in reversed(outcome.importances)]
    figure = _figure("importance, of 1 in all", "")
    figure.add_bar(
        x=shares,
        y=[words(name) for name, _ in reversed(outcome.importances)],
        orientation="h",
        marker={"color": COLOURS[0]},
        text=[f"{share:.2f}" for share in shares],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.update_xaxes(range=[0, 1.15 * max(shares)])
    return figure


def against(outcome: Outcome, name: str) -> go.Figure:
    """What trials came to over one value that was chosen for them."""
    figure = _figure(words(name), words(outcome.monitor))
    tried = [one for one in outcome.ranked if name in one.chosen]
    choices = outcome.space.search[name]
    if isinstance(choices, Range):
        _add_trials(figure, outcome, tried, lambda one: one.chosen[name])
        figure.update_xaxes(LOG_AXIS if choices.log else {})
    else:
        _add_trials(figure, outcome, tried, lambda one: shown(one.chosen[name]))
        figure.update_xaxes(type="category", categoryarray=[shown(choice) for choice in choices])
    figure.update_layout(showlegend=False)
    return _scaled(figure, outcome)


def epochs(outcome: Outcome) -> go.Figure | None:
    """How each trial learnt; None where none learnt in epochs."""
    figure = _figure("epoch", f"{words(outcome.monitor)}, before calibration")
    ended = [one for one in outcome.tried if one.epochs and one.state in ("finished", "stopped early")]
    for one in sorted(ended, key=lambda one: one is outcome.best):  # the best is drawn over the others
        _add_epochs(figure, one, best=one is outcome.best)
    figure.update_xaxes(dtick=max([1, *(len(one.epochs) // 10 for one in ended)]))
    return _scaled(figure, outcome) if ended else None


def words(name: str) -> str:
    return name.replace("_", " ").replace("f1", "F1")


def _add_trials(
    figure: go.Figure, outcome: Outcome, tried: Iterable[Tried], place: Callable[[Tried], object]
) -> None:
    """A mark a trial, by network and way to train it."""
    for number, method in enumerate(outcome.space.methods):
        ours = [one for one in tried if one.method == method.name]
        kind = number % len(COLOURS)
        if ours:
            figure.add_scatter(
                x=[place(one) for one in ours],
                y=[one.value for one in ours],
                name=name_of(method.name, 34),
                mode="markers",
                marker={"color": COLOURS[kind], "symbol": SYMBOLS[kind], "size": 9, "opacity": 0.9},
                hovertext=[_hover(one) for one in ours],
                hoverinfo="text",
            )


def _add_stopped(figure: go.Figure, outcome: Outcome) -> None:
    stopped = [one for one in outcome.tried if one.state == "stopped early" and one.epochs]
    if stopped:
        figure.add_scatter(
            x=[one.number for one in stopped],
            y=[one.epochs[-1][1] for one in stopped],
            name="stopped early",
            mode="markers",
            marker={"color": NEUTRAL, "symbol": "x-thin-open", "size": 9, "line": {"width": 2}},
            hovertext=[_hover(one) for one in stopped],
            hoverinfo="text",
        )


def _add_epochs(figure: go.Figure, one: Tried, *, best: bool) -> None:
    x, y = zip(*one.epochs, strict=True)
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        marker={"size": 5},
        line={
            "color": COLOURS[0] if best else NEUTRAL,
            "width": 3 if best else 1.2,
            "dash": "solid" if one.state == "finished" else "dot",
        },
        opacity=1 if best else 0.7,
        showlegend=False,
        hovertext=[_hover(one)] * len(x),
        hoverinfo="text",
    )


def _hover(one: Tried) -> str:
    result = one.reason if one.value is None else f"{one.value:.4f}"
    chosen = (f"{words(name)} {shown(value)}" for name, value in one.chosen.items())
    return "<br>".join(name_of(line, 60) for line in (f"trial {one.number}: {result}", one.method, *chosen))


def _scaled(figure: go.Figure, outcome: Outcome) -> go.Figure:
    values = [float(value) for trace in figure.data for value in trace.y]
    if outcome.minimise and min(values) > 0 and max(values) > WIDE * min(values):
        figure.update_yaxes(LOG_AXIS)
    return figure


def _figure(x: str, y: str) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        template="none",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "itemsizing": "constant"},
        dragmode=False,
    )
    figure.update_xaxes(title={"text": x, "standoff": 8}, automargin=True, zeroline=False)
    figure.update_yaxes(title={"text": y, "standoff": 8}, automargin=True, zeroline=False)
    return figure
