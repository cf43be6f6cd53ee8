"""The Batch page's own pieces of HTML. Every text from outside is escaped here."""

from collections.abc import Sequence
from html import escape

from frontend.answering.wording import FORMATS
from frontend.batch.rows import Filter, Row, counts, labels
from frontend.batch.wording import FILTERS, megabytes
from frontend.batch.zips import MAX_PICTURES
from frontend.markup import thumbnail
from frontend.uploads import MOST_PICTURE_MB, MOST_ZIP_MB

TOLD: tuple[Filter, ...] = ("confident", "unsure", "not_an_animal", "refused")
MOST_LABELS = 8


def files_taken(most_bytes: float) -> str:
    """What may be chosen, before anything is. `most_bytes`: of all together."""
    return (
        f'<p class="mng-fine mng-center mng-taken mng-taken-many">Up to {MAX_PICTURES:,} pictures at a time, '
        f"{megabytes(most_bytes)} together: {FORMATS}, up to {MOST_PICTURE_MB} MB each. "
        f"Or a zip of them, up to {MOST_ZIP_MB} MB.</p>"
    )


def sending() -> str:
    """Where sending.js tells how far it is."""
    return '<p class="mng-center mng-sending"></p>'


def running_head() -> str:
    return (
        '<div class="mng-head"><h1>Looking at your pictures</h1><p>You can leave this page: its address '
        "brings you back to it, from another tab too.</p></div>"
    )


def ended_head(said: str) -> str:
    return f'<div class="mng-head"><h1>{escape(said)}</h1></div>'


def tally(rows: Sequence[Row]) -> str:
    """How many there are of each verdict, and of each of the most frequent labels."""
    found = counts(rows)
    verdicts = "".join(
        f'<li><span class="mng-badge mng-{kind}">{FILTERS[kind]}</span><b>{found[kind]:,}</b></li>'
        for kind in TOLD
        if found[kind]
    )
    every = labels(rows)
    shown = " · ".join(f"{escape(label)} {count:,}" for label, count in every[:MOST_LABELS])
    more = f" · and {len(every) - MOST_LABELS} more" if len(every) > MOST_LABELS else ""
    line = f'<p class="mng-fine">{shown}{more}</p>' if shown else ""
    return f'<ul class="mng-tally" aria-label="How many of each verdict">{verdicts}</ul>{line}'


def latest(rows: Sequence[Row]) -> str:
    """The pictures answered last."""
    return f'<ul class="mng-gallery mng-latest">{"".join(map(_figure, rows))}</ul>'


def _figure(row: Row) -> str:
    said = row.label or ("Refused" if row.prediction is None else "No animal")
    return (
        f'<li title="{escape(row.name)}">{thumbnail(row.thumbnail, row.name)}<span>{escape(said)}</span></li>'
    )
