"""Plotly figures of a report. Ink, grid and ground take their colours from the page, by its script."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go

from backend.certainty import Share
from training.metrics import Bin, Coverage
from training.reporting.curves import Curve, LabelCurves
from training.reporting.ground import COLOURS, NEUTRAL, add_diagonal, blank, line, name_of, unit_square
from training.reporting.history import Epoch

MOST_CURVES = len(COLOURS)


def learning_curve(
    history: Sequence[Epoch],
    title: str,
    train: Callable[[Epoch], float | None],
    val: Callable[[Epoch], float | None],
    kept: int | None,
) -> go.Figure | None:
    """One figure over the epochs, that which was `kept` marked; None where nothing was recorded of it."""
    figure = blank("epoch", title)
    for number, (name, read) in enumerate((("train", train), ("val", val))):
        points = [(one.epoch, read(one)) for one in history]
        known = [(epoch, value) for epoch, value in points if value is not None]
        if known:
            x, y = zip(*known, strict=True)
            figure.add_scatter(x=x, y=y, name=name, mode="lines+markers", line=line(number))
    _mark_kept(figure, kept)
    figure.update_layout(hovermode="x unified")
    if title != "loss":
        figure.update_yaxes(
            autorangeoptions={"maxallowed": 1.02}
        )  # shares: around a steady 1 it shows 0 to 2
    return figure if figure.data else None


def _mark_kept(figure: go.Figure, kept: int | None) -> None:
    """Rings around what was recorded of the epoch whose weights were kept."""
    rings = [(x, y) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True) if x == kept]
    if rings:
        x, y = zip(*rings, strict=True)
        figure.add_scatter(
            x=x,
            y=y,
            name=f"kept: epoch {kept}",
            mode="markers",
            marker={"size": 16, "symbol": "circle-open", "color": NEUTRAL, "line": {"width": 2}},
            hoverinfo="skip",
        )


def precision_recall(curves: Sequence[LabelCurves]) -> go.Figure:
    figure = blank("recall: share of the label's pictures found", "precision: share of answers right")
    for number, one in enumerate(hardest(curves)):
        _add_curve(figure, number, one.label, one.precision_recall, one.average_precision)
    return unit_square(figure)


def roc(curves: Sequence[LabelCurves]) -> go.Figure:
    figure = blank("share of other pictures taken for the label", "share of the label's pictures found")
    for number, one in enumerate(hardest(curves)):
        _add_curve(figure, number, one.label, one.roc, one.roc_area)
    add_diagonal(figure, "guessing")
    return unit_square(figure)


def hardest(curves: Sequence[LabelCurves]) -> list[LabelCurves]:
    """As many labels as can be told apart in one figure: those with the lowest average precision."""
    return sorted(curves, key=lambda one: one.average_precision)[:MOST_CURVES]


def reliability_diagram(before: Sequence[Bin], after: Sequence[Bin]) -> go.Figure:
    """Accuracy over confidence, one mark a band, its area by pictures; with Wilson's interval as served."""
    figure = blank("how sure it said it was", "how often it was right")
    add_diagonal(figure, "ideal")
    _add_bins(figure, "as served", after, {"color": COLOURS[0]}, with_interval=True)
    open_ = {"color": COLOURS[1], "symbol": "diamond-open"}
    _add_bins(figure, "before calibration", before, open_, with_interval=False)
    return unit_square(figure)


def coverage_accuracy(coverage: Sequence[Coverage], at_threshold: tuple[Share, Share]) -> go.Figure:
    """Accuracy over the share of answers given. `at_threshold`: the share of answers that the bundle calls
    confident, and of these the share that is right."""
    figure = blank("share of pictures answered, the surest first", "right among them")
    figure.add_scatter(
        x=[one.coverage for one in coverage],
        y=[one.accuracy for one in coverage],
        name="accuracy",
        customdata=[one.score for one in coverage],
        mode="lines",
        line=line(0),
        showlegend=False,
        hovertemplate="the surest %{x:.1%}: %{y:.1%} right (scores from %{customdata:.3f})<extra></extra>",
    )
    confident, right = at_threshold
    if confident.count:
        figure.add_scatter(
            x=[confident.value],
            y=[right.value],
            mode="markers",
            name="its confident answers",
            marker={"size": 12, "symbol": "diamond", "color": COLOURS[1]},
            hovertemplate="confident answers: %{x:.1%} of all, %{y:.1%} right<extra></extra>",
        )
    figure.update_xaxes(range=[0, 1.02], dtick=0.25, tickformat=".0%")
    figure.update_yaxes(range=[min(one.accuracy for one in coverage) - 0.02, 1.002], tickformat=".1~%")
    return figure


def _add_curve(figure: go.Figure, number: int, label: str, curve: Curve, area: float) -> None:
    name = f"{name_of(label, 14)} {area:.3f}"
    hover = f"<b>{name_of(label, 60)}</b><br>%{{x:.3f}}, %{{y:.3f}}<extra></extra>"
    figure.add_scatter(x=curve.x, y=curve.y, name=name, mode="lines", line=line(number), hovertemplate=hover)


def _add_bins(
    figure: go.Figure, name: str, bins: Sequence[Bin], marker: Mapping[str, object], *, with_interval: bool
) -> None:
    shares = [one.right for one in bins]
    most = max(share.total for share in shares)
    figure.add_scatter(
        x=[one.confidence for one in bins],
        y=[share.value for share in shares],
        customdata=[share.total for share in shares],
        name=name,
        mode="markers",
        marker={**marker, "size": [6 + 14 * (share.total / most) ** 0.5 for share in shares], "opacity": 0.9},
        error_y={
            "array": [share.high - share.value for share in shares],
            "arrayminus": [share.value - share.low for share in shares],
            "thickness": 1,
            "visible": with_interval,
        },
        hovertemplate="said %{x:.1%}, right %{y:.1%} (%{customdata} pictures)<extra></extra>",
    )
