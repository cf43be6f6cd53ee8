"""HTML pages in one file each: the styles, the pictures and Plotly lie inside, and nothing is fetched."""

from dataclasses import dataclass

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from backend.certainty import Share
from training.metrics import Resampled

SPACE = "\u00a0"  # a number and its unit stay on one line


@dataclass(frozen=True)
class Plot:
    """A figure on a page: `height` and least `width` in CSS pixels, `words` for those who cannot see it."""

    figure: go.Figure
    words: str
    height: int
    width: int = 0

    @property
    def json(self) -> Markup:
        """The figure, so that no text in it can end the script element that holds it."""
        return Markup(self.figure.to_json().replace("<", "\\u003c"))


def render(template: str, **values: object) -> str:
    """A page from a template of this package; whatever is put in is escaped."""
    environment = Environment(
        loader=PackageLoader("training.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval,
        "between": between,
        "sure": sure,
        "resampled": resampled,
    }
    return environment.get_template(template).render(**values)


def plotly_script() -> Markup:
    """Plotly's own code, once a page."""
    return Markup(get_plotlyjs())


def percent(value: float) -> str:
    return f"{100 * value:.1f}{SPACE}%"


def interval(share: Share) -> str:
    return between((share.low, share.high))


def between(ends: tuple[float, float]) -> str:
    """An interval of shares, from its two ends."""
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}{SPACE}%"


def resampled(figure: Resampled) -> str:
    """Its interval in words, or that it has none."""
    if figure.low is None or figure.high is None:
        return "no interval: drawing these pictures anew gives no other figure"
    return f"95{SPACE}% interval: {figure.low:.3f} to {figure.high:.3f}"


def sure(probability: float) -> str:
    """Never "100 %": no model is that sure, and rounding must not say so."""
    return f"over 99{SPACE}%" if probability > 0.99 else f"{100 * probability:.0f}{SPACE}%"
