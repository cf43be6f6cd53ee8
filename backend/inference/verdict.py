"""What an answer is worth, in one word and in one sentence."""

from typing import Literal

from backend.inference.manifest import Thresholds

Verdict = Literal["confident", "unsure", "not_an_animal"]


def judge(score: float, novelty: float | None, thresholds: Thresholds) -> Verdict:
    """`score`: the first label's calibrated probability. `novelty`: see `Prediction`."""
    if novelty is not None and thresholds.novelty is not None and novelty > thresholds.novelty:
        return "not_an_animal"
    return "confident" if score >= thresholds.confidence else "unsure"


def explain(verdict: Verdict, first: tuple[str, float], second: tuple[str, float]) -> str:
    """A sentence about the two likeliest labels and their scores."""
    if verdict == "not_an_animal":
        return "This does not look like an animal I know."
    if verdict == "confident":
        return f"This looks like: {first[0]} ({_percent(first[1])} sure)."
    guesses = ", ".join(f"perhaps {label} ({_percent(score)})" for label, score in (first, second))
    return f"I am not sure: {guesses}."


def _percent(score: float) -> str:
    # Never "100 %": no model is that sure, and rounding must not say so.
    return "over 99 %" if score > 0.99 else f"{100 * score:.0f} %"
