"""This room's own pieces of HTML. Every text from outside is escaped here."""

from html import escape

from frontend.answering import heat
from frontend.answering.wording import (
    ADVICE,
    ADVICE_BESIDE_PICTURES,
    FORMATS,
    SLOW,
    look_alikes,
    meaning,
    second_opinion,
)
from frontend.answers import LabelScore, LibraryImage, Prediction, SimilarImage
from frontend.markup import thumbnail, unbroken
from frontend.wording import BADGES, likeness, percent

NO_LABEL = "No label"
FEWEST, LEAST = 3, 0.01  # guesses that are always told, and how likely further ones must be


def files_taken(megabytes: int) -> str:
    return (
        f'<p class="mng-fine mng-center mng-taken">{FORMATS}, up to {megabytes} MB each. '
        '<span class="mng-paste">You can also paste a picture with Ctrl+V. </span>'
        "Two or more, or a zip, go to Batch.</p>"
    )


def next_one() -> str:
    return '<p class="mng-fine mng-next">The next one can be dropped or pasted anywhere here, too.</p>'


def waiting(said: str, squares: int = 0) -> str:
    """What stands where something is awaited. After some seconds the style sheet adds that it is slow."""
    blanks = '<i class="mng-square"></i>' * squares
    grid = f'<div class="mng-gallery" aria-hidden="true">{blanks}</div>' if squares else ""
    return (
        '<div class="mng-waiting" role="status"><p><i class="mng-ring" aria-hidden="true"></i>'
        f"{escape(said)}</p>"
        f'<p class="mng-slow">{SLOW}</p>{grid}</div>'
    )


def answer(prediction: Prediction, *, comparable: bool, measured: bool) -> str:
    """`measured`: whether it is known how often the model is right."""
    verdict = prediction.verdict
    advised = (ADVICE_BESIDE_PICTURES if comparable else ADVICE)[verdict]
    said = (advised, meaning(prediction) if measured else None, second_opinion(prediction))
    told = "".join(f"<p>{escape(one)}</p>" for one in said if one)
    return (
        f'<div class="mng-answer"><div role="status"><span class="mng-badge mng-{verdict}">{BADGES[verdict]}'
        f"</span><h1>{escape(unbroken(prediction.sentence))}</h1></div>{told}</div>"
    )


def worth_telling(scores: tuple[LabelScore, ...]) -> tuple[LabelScore, ...]:
    return scores[:FEWEST] + tuple(entry for entry in scores[FEWEST:] if entry.score >= LEAST)


def legend(label: str) -> str:
    stops = ", ".join(f"rgb{colour}" for colour in heat.PALETTE)
    return (
        f'<p class="mng-legend"><span>What spoke for “{escape(label)}”</span>'
        '<span class="mng-fine">little '
        f'<i aria-hidden="true" style="background:linear-gradient(90deg, {stops})"></i> much</span></p>'
        '<p class="mng-fine">It tells where the model looked, not that it is right. '
        "What is grey, it did not see.</p>"
    )


def section(title: str) -> str:
    return f'<div class="mng-section"><h2>{escape(title)}</h2></div>'


def section_like(image: LibraryImage, data: bytes | None) -> str:
    """The same over pictures that are like one of the library, which is shown."""
    shown = thumbnail(data, alt=f"{image.label or NO_LABEL}, {image.file_name}")
    return f'<div class="mng-section mng-like">{shown}<h2>More like {escape(image.file_name)}</h2></div>'


def tile(item: SimilarImage, data: bytes | None, *, named: bool) -> str:
    """A picture of the gallery. The button over it says its name: a screen reader need not hear it twice."""
    alike = look_alikes(item.alike)
    lines = [f"<span>{likeness(item.similarity)}</span>"]
    if named:
        lines.insert(0, f"<span><b>{escape(item.image.label or NO_LABEL)}</b></span>")
    lines.append(f'<span class="mng-fine">{escape(percent(item.similarity))} similar {alike}</span>')
    return f'<div class="mng-tile">{thumbnail(data, alt="")}{"".join(lines)}</div>'


def side(title: str) -> str:
    return f'<p class="mng-side">{escape(title)}</p>'


def facts(item: SimilarImage, source: str | None) -> str:
    """What is known of a picture of the library that is compared."""
    rows = [
        ("Label", item.image.label or "None yet"),
        ("Likeness", f"{likeness(item.similarity)}, {percent(item.similarity)} similar"),
        *([("Shown by", f"{item.alike:,} pictures, {look_alikes(item.alike)}")] if item.alike > 1 else []),
        ("File", item.image.file_name),
        *([("Source", source)] if source else []),
    ]
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(said)}</dd></div>" for name, said in rows)
    return f'<dl class="mng-facts">{cells}</dl>'


def unusable(problem: str) -> str:
    return (
        '<div class="mng-answer"><span class="mng-badge mng-refused">Unusable file</span>'
        f"<h1>{escape(problem)}</h1></div>"
    )


def fine(said: str) -> str:
    return f'<p class="mng-fine">{escape(said)}</p>'


def thanks(said: str) -> str:
    return f'<p class="mng-thanks" role="status">{escape(said)}</p>'
