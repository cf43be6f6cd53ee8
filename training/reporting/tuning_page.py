"""A search as a page."""

from training.reporting import tuning_figures as figures
from training.reporting.page import Plot, plotly_script, render
from training.tuning.outcome import FEWEST_TO_COMPARE, Outcome, counted
from training.tuning.tried import in_words

MOST_VALUES = 6
BAR, AXES = 26, 90  # CSS pixels


def tuning_page(outcome: Outcome) -> str:
    """One self-contained HTML page."""
    return render(
        "tune.html.jinja",
        outcome=outcome,
        best=outcome.best,
        recipe=outcome.recipe.to_yaml(),
        space=outcome.space.to_yaml(),
        fewest=FEWEST_TO_COMPARE,
        course_plot=Plot(figures.course(outcome), "What each trial came to, and the best so far", 420),
        importance_plot=_importances(outcome),
        against_plots=_against(outcome),
        epochs_plot=_epochs(outcome),
        counts=counted(outcome),
        in_words=in_words,
        plotly=plotly_script(),
    )


def _importances(outcome: Outcome) -> Plot | None:
    if not outcome.importances:
        return None
    height = AXES + BAR * len(outcome.importances)
    return Plot(figures.importances(outcome), "How much each value matters", height)


def _against(outcome: Outcome) -> list[tuple[str, Plot]]:
    """The values that matter most, each with what trials came to over it."""
    searched = [name for name, _ in outcome.importances if name in outcome.space.search][:MOST_VALUES]
    return [
        (figures.words(name), Plot(figures.against(outcome, name), f"What trials came to over {name}", 300))
        for name in searched
    ]


def _epochs(outcome: Outcome) -> Plot | None:
    figure = figures.epochs(outcome)
    return None if figure is None else Plot(figure, "How each trial learnt, over the epochs", 380)
