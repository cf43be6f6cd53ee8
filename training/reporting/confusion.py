"""Confusion matrices that stay readable however many labels there are."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from training.reporting.ground import name_of

MOST_LABELS, FEW_LABELS = 20, 12


@dataclass(frozen=True)
class Confusion:
    """Counts int [labels, labels] of `labels`, rows what it was, and `pictures` int [labels] of each;
    `left_out`: how many other labels occur, with fewer mistakes."""

    labels: tuple[str, ...]
    counts: NDArray[np.int64]
    pictures: NDArray[np.int64]
    left_out: int

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width of a page."""
        return len(self.labels) > FEW_LABELS


def most_confused(labels: tuple[str, ...], counts: NDArray[np.int64]) -> Confusion:
    """The labels that have to do with the most mistakes, in their order; all, where they fit."""
    seen = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    worst = sorted(seen.tolist(), key=lambda i: (-mistakes[i], i))[:MOST_LABELS]
    kept = sorted(worst)
    return Confusion(
        labels=tuple(labels[i] for i in kept),
        counts=counts[np.ix_(kept, kept)],
        pictures=counts.sum(axis=1)[kept],
        left_out=len(seen) - len(kept),
    )


def confusion_figure(confusion: Confusion) -> go.Figure:
    """A heat map: shades are shares of a row's pictures, the figures are counts."""
    counts = confusion.counts
    share = counts / np.maximum(confusion.pictures[:, None], 1)
    ticks = [name_of(label) for label in confusion.labels]
    whole = [name_of(label, 60) for label in confusion.labels]
    hover = [
        [
            f"was <b>{was}</b>, answered <b>{answered}</b>: {counts[i, j]} ({share[i, j]:.0%})"
            for j, answered in enumerate(whole)
        ]
        for i, was in enumerate(whole)
    ]
    text = [[str(count) if count else "" for count in row] for row in counts]
    positions = list(range(len(ticks)))
    figure = go.Figure(
        go.Heatmap(
            z=share.tolist(),
            x=positions,
            y=positions,
            text=text,
            texttemplate="%{text}",
            hovertext=hover,
            hoverinfo="text",
            showscale=False,
            zmin=0,
            zmax=1,
            xgap=1,
            ygap=1,
        )
    )
    figure.update_layout(template="none", margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False)
    axis = {
        "tickvals": positions,
        "ticktext": ticks,
        "automargin": True,
        "showgrid": False,
        "zeroline": False,
    }
    figure.update_xaxes(
        axis, title={"text": "answered", "standoff": 10}, tickangle=-45 if len(ticks) <= FEW_LABELS else -90
    )
    figure.update_yaxes(axis, title={"text": "was", "standoff": 10}, autorange="reversed")
    return figure
