"""What every figure begins from: axes, lines that can be told apart, names that fit."""

import html

import plotly.graph_objects as go

# At least 3 : 1 on white and on near-black (WCAG 2.2, 1.4.11); the dashes tell lines apart without colour.
COLOURS = ("#2f7ed8", "#d9730d", "#1a936f", "#b5489a", "#8a6fdf", "#a0722a", "#d1495b", "#4c8b9a")
DASHES = ("solid", "dash", "dot", "dashdot")
NEUTRAL = "#80868b"
LONGEST_NAME = 18


def name_of(label: str, longest: int = LONGEST_NAME) -> str:
    """A label for a figure: Plotly takes some tags for markup, and long names leave no room to draw in."""
    short = label if len(label) <= longest else label[: longest - 1] + "…"
    return html.escape(short)


def blank(x: str, y: str) -> go.Figure:
    """A figure with nothing in it but the titles of its axes."""
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


def line(number: int) -> dict[str, object]:
    """The look of a figure's line `number`, from 0."""
    return {"color": COLOURS[number % len(COLOURS)], "dash": DASHES[number % len(DASHES)], "width": 2}


def add_diagonal(figure: go.Figure, name: str, *, falling: bool = False) -> None:
    ends = [1, 0] if falling else [0, 1]
    dotted = {"color": NEUTRAL, "dash": "dot", "width": 1.5}
    figure.add_scatter(x=[0, 1], y=ends, name=name, mode="lines", line=dotted, hoverinfo="skip")


def unit_square(figure: go.Figure) -> go.Figure:
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=[-0.02, 1.02])
    return figure
