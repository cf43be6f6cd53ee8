"""Plotly figures of what a bundle refuses as strange."""

import plotly.graph_objects as go

from training.refusals import Refusals, Unknown
from training.reporting.curves import Curve, refusal_roc, refused_over_threshold
from training.reporting.ground import COLOURS, NEUTRAL, add_diagonal, blank, line, unit_square


def refused_by_threshold(refusals: Refusals, *, ranked: bool) -> go.Figure:
    """Shares refused at every threshold, and the threshold that serves. `ranked`: novelty is a rank among the
    task's own pictures, so that of known ones a threshold should refuse what it leaves above itself."""
    figure = blank("threshold of novelty", "share of pictures refused")
    if ranked:
        add_diagonal(figure, "known, as promised", falling=True)
    _add_steps(figure, 0, "known", refused_over_threshold(refusals.known))
    if refusals.unknown is not None:
        _add_steps(figure, 1, "unknown", refused_over_threshold(refusals.unknown.novelty))
    figure.add_scatter(
        x=[refusals.threshold, refusals.threshold],
        y=[0, 1],
        name=f"served: {refusals.threshold:g}",
        mode="lines",
        line={"color": NEUTRAL, "width": 1.5},
        hoverinfo="skip",
    )
    figure.update_yaxes(tickformat=".0%")
    return unit_square(figure)


def unknown_over_known(refusals: Refusals, unknown: Unknown) -> go.Figure:
    """The ROC curve of novelty, with the threshold that serves as a mark on it."""
    figure = blank("share of known pictures refused", "share of unknown pictures refused")
    curve = refusal_roc(refusals.known, unknown.novelty)
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        name=f"novelty {unknown.area.value:.4f}",
        mode="lines",
        line=line(0),
        hovertemplate="refuses %{x:.1%} of known, %{y:.1%} of unknown<extra></extra>",
    )
    add_diagonal(figure, "guessing")
    figure.add_scatter(
        x=[refusals.falsely.value],
        y=[unknown.refused.value],
        name=f"served: {refusals.threshold:g}",
        mode="markers",
        marker={"size": 12, "symbol": "diamond", "color": COLOURS[1]},
        hovertemplate="as served: %{x:.1%} of known, %{y:.1%} of unknown<extra></extra>",
    )
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(tickformat=".0%")
    return unit_square(figure)


def _add_steps(figure: go.Figure, number: int, name: str, curve: Curve) -> None:
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        name=name,
        mode="lines",
        line={**line(number), "shape": "hv"},
        hovertemplate=f"above %{{x:.3f}}: %{{y:.1%}} of {name} refused<extra></extra>",
    )
