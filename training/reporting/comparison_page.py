"""A comparison as a page, and in plain sentences."""

from training.comparison import Comparison
from training.metrics import PairedTest
from training.reporting.page import render
from training.reporting.thumbnails import thumbnail

# Pictures make a page heavy; the table in CSV has every row.
MOST_ROWS = 300
SIGNIFICANT = 0.05


def comparison_page(comparison: Comparison) -> str:
    """One self-contained HTML page."""
    shown = comparison.rows[:MOST_ROWS]
    return render(
        "compare.html.jinja",
        comparison=comparison,
        shares=comparison.shares,
        rows=[(row, thumbnail(row.question.path)) for row in shown],
        sentences=conclusions(comparison),
    )


def conclusions(comparison: Comparison) -> list[str]:
    """What follows from a comparison, and what must be known to read it."""
    counted = len(comparison.counted)
    if not counted:
        return ["No picture has a known label, so nobody can say which of the two is right more often."]
    names = (comparison.first.version, comparison.second.version)
    sentences = [_verdict(names, comparison.test)]
    for name, untaught in zip(names, comparison.untaught, strict=True):
        if untaught:
            listed = ", ".join(untaught[:8]) + (" and others" if len(untaught) > 8 else "")
            sentences.append(f"{name} was never taught {listed}: it cannot be right on such pictures.")
    if unknown := len(comparison.rows) - counted:
        sentences.append(f"{unknown} of {len(comparison.rows)} pictures have no known label: not counted.")
    return sentences


def _verdict(names: tuple[str, str], test: PairedTest) -> str:
    if not test.only_first + test.only_second:
        return "Both are right and wrong on the same pictures: nothing tells them apart."
    chance = "less than 0.001" if test.p_value < 0.001 else f"{test.p_value:.3f}"
    better = names[0] if test.only_first > test.only_second else names[1]
    if test.p_value < SIGNIFICANT:
        meaning = f"{better} is better."
    else:
        meaning = "that may well be luck, so neither is shown to be better."
    return (
        f"Only {names[0]} is right on {test.only_first}, only {names[1]} on {test.only_second}. Were both "
        f"equally good, the chance of a difference this large would be {chance} (McNemar's exact test): "
        f"{meaning}"
    )
