"""A comparison as a page, and in plain sentences."""

from backend.certainty import PairedTest
from training.comparison import Comparison
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
    counted, labelled = len(comparison.counted), len(comparison.labelled)
    if not labelled:
        return ["No picture has a known label, so nobody can say which of the two is right more often."]
    names = (comparison.first.version, comparison.second.version)
    if counted:
        sentences = [verdict(names, comparison.test)]
    else:
        sentences = [
            "Every picture is one that a model learnt from: nothing here tells which is better on others."
        ]
    sentences += _learnt(comparison, names)
    for name, untaught in zip(names, comparison.untaught, strict=True):
        if untaught:
            listed = ", ".join(untaught[:8]) + (" and others" if len(untaught) > 8 else "")
            sentences.append(f"{name} was never taught {listed}: it cannot be right on such pictures.")
    if unknown := len(comparison.rows) - labelled:
        sentences.append(f"{unknown} of {len(comparison.rows)} pictures have no known label: not counted.")
    return sentences


def _learnt(comparison: Comparison, names: tuple[str, str]) -> list[str]:
    """Which of the pictures were learnt from, and what the figures would be with them."""
    sentences = []
    if seen := len(comparison.labelled) - len(comparison.counted):
        each = ", ".join(f"{name} from {n}" for name, n in zip(names, comparison.learnt, strict=True))
        with_them = " and ".join(
            f"{name} is right on {share.value:.1%}"
            for name, share in zip(names, comparison.shares_of_all, strict=True)
        )
        whole = len(comparison.labelled)
        sentences.append(
            f"{seen} of the {whole} labelled pictures are ones that a model learnt from or was chosen by "
            f"({each}): not counted, for a model knows them by heart. With them, {with_them}."
        )
    if comparison.unsure:
        sentences.append(
            f"What {' and '.join(comparison.unsure)} learnt from is not known here: some of these pictures "
            "may be among it."
        )
    return sentences


def verdict(names: tuple[str, str], test: PairedTest) -> str:
    """Which of two is better by what both answered to the same pictures, and how likely that is chance."""
    if not test.only_first + test.only_second:
        return "Both are right and wrong on the same pictures: nothing tells them apart."
    chance = "less than 0.001" if test.p_value < 0.001 else f"{test.p_value:.3f}"
    better = names[0] if test.only_first > test.only_second else names[1]
    if is_shown(test):
        meaning = f"{better} is better."
    else:
        meaning = "that may well be luck, so neither is shown to be better."
    return (
        f"Only {names[0]} is right on {test.only_first}, only {names[1]} on {test.only_second}. Were both "
        f"equally good, the chance of a difference this large would be {chance} (McNemar's exact test): "
        f"{meaning}"
    )


def is_shown(test: PairedTest) -> bool:
    """Whether one of two is shown to be better, by more than luck may do."""
    return test.p_value < SIGNIFICANT
