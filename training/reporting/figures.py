"""Plotly figures of a report. Ink, grid and ground take their colours from the page, by its script."""

import html
from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go

from training.metrics import Bin, Coverage, Share
from training.reporting.curves import Curve, LabelCurves
from training.reporting.history import Epoch

# At least 3 : 1 on white and on near-black (WCAG 2.2, 1.4.11); the dashes tell lines apart without colour.
COLOURS = ("#2f7ed8", "#d9730d", "#1a936f", "#b5489a", "#8a6fdf", "#a0722a", "#d1495b", "#4c8b9a")
DASHES = ("solid", "dash", "dot", "dashdot")
NEUTRAL = "#80868b"
MOST_CURVES = len(COLOURS)
LONGEST_NAME = 18


def name_of(label: str, longest: int = LONGEST_NAME) -> str:
    """A label for a figure: Plotly takes some tags for markup, and long names leave no room to draw in."""
    short = label if len(label) <= longest else label[: longest - 1] + "…"
    return html.escape(short)


def learning_curve(
    history: Sequence[Epoch],
    title: str,
    train: Callable[[Epoch], float | None] | None,
    val: Callable[[Epoch], float | None],
) -> go.Figure | None:
    """One figure over the epochs; None where nothing was recorded of it."""
    figure = _figure("epoch", title)
    for number, (name, read) in enumerate((("train", train), ("val", val))):
        points = [] if read is None else [(one.epoch, read(one)) for one in history]
        known = [(epoch, value) for epoch, value in points if value is not None]
        if known:
            x, y = zip(*known, strict=True)
            figure.add_scatter(x=x, y=y, name=name, mode="lines+markers", line=_line(number))
    figure.update_layout(hovermode="x unified")
    return figure if figure.data else None


def precision_recall(curves: Sequence[LabelCurves]) -> go.Figure:
    figure = _figure("recall: share of the label's pictures found", "precision: share of answers right")
    for number, one in enumerate(hardest(curves)):
        _add_curve(figure, number, one.label, one.precision_recall, one.average_precision)
    return _unit_square(figure)


def roc(curves: Sequence[LabelCurves]) -> go.Figure:
    figure = _figure("share of other pictures taken for the label", "share of the label's pictures found")
    for number, one in enumerate(hardest(curves)):
        _add_curve(figure, number, one.label, one.roc, one.roc_area)
    _add_diagonal(figure, "guessing")
    return _unit_square(figure)


def hardest(curves: Sequence[LabelCurves]) -> list[LabelCurves]:
    """As many labels as can be told apart in one figure: those with the lowest average precision."""
    return sorted(curves, key=lambda one: one.average_precision)[:MOST_CURVES]


def reliability_diagram(before: Sequence[Bin], after: Sequence[Bin]) -> go.Figure:
    """Accuracy over confidence, one mark a band, its area by pictures; with Wilson's interval as served."""
    figure = _figure("how sure it said it was", "how often it was right")
    _add_diagonal(figure, "ideal")
    _add_bins(figure, "as served", after, {"color": COLOURS[0]}, with_interval=True)
    open_ = {"color": COLOURS[1], "symbol": "diamond-open"}
    _add_bins(figure, "before calibration", before, open_, with_interval=False)
    return _unit_square(figure)


def coverage_accuracy(coverage: Sequence[Coverage], at_threshold: tuple[Share, Share]) -> go.Figure:
    """Accuracy over the share of answers given. `at_threshold`: the share of answers that the bundle calls
    confident, and of these the share that is right."""
    figure = _figure("share of pictures answered, the surest first", "right among them")
    figure.add_scatter(
        x=[one.coverage for one in coverage],
        y=[one.accuracy for one in coverage],
        name="accuracy",
        customdata=[one.score for one in coverage],
        mode="lines",
        line=_line(0),
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
    figure.update_yaxes(range=[min(one.accuracy for one in coverage) - 0.02, 1.005], tickformat=".0%")
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


def _line(number: int) -> dict[str, object]:
    return {"color": COLOURS[number % len(COLOURS)], "dash": DASHES[number % len(DASHES)], "width": 2}


def _add_curve(figure: go.Figure, number: int, label: str, curve: Curve, area: float) -> None:
    name = f"{name_of(label, 14)} {area:.3f}"
    hover = f"<b>{name_of(label, 60)}</b><br>%{{x:.3f}}, %{{y:.3f}}<extra></extra>"
    figure.add_scatter(x=curve.x, y=curve.y, name=name, mode="lines", line=_line(number), hovertemplate=hover)


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


def _add_diagonal(figure: go.Figure, name: str) -> None:
    line = {"color": NEUTRAL, "dash": "dot", "width": 1.5}
    figure.add_scatter(x=[0, 1], y=[0, 1], name=name, mode="lines", line=line, hoverinfo="skip")


def _unit_square(figure: go.Figure) -> go.Figure:
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=[-0.02, 1.02])
    return figure
