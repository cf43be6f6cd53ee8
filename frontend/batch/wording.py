"""What the Batch page says."""

from typing import TYPE_CHECKING

from frontend.answering.calls import Word
from frontend.batch.rows import Filter
from frontend.wording import Notice, span

if TYPE_CHECKING:
    from frontend.batch.job import Progress

HERO = (
    '<div class="mng-hero"><h1>Many pictures at once</h1>'
    "<p>Drop a whole folder&rsquo;s pictures, or one zip of them. You get a table of what each one shows, "
    "to filter and to download.</p></div>"
)
EMPTY = Notice("There is nothing in it", "Choose a zip with pictures in it, or the pictures themselves.")
NO_SUCH_ROW = Notice("This batch has no such picture", "Go back to all of them.")
PICTURE_GONE = Notice("The picture itself is gone", "Drop it once more to see it large, or to report on it.")
WHO_SEES = (
    "Only then do the people who look after the library get it. Otherwise it is forgotten with this batch."
)
UNUSABLE_ZIP = "This zip cannot be opened"
TOO_MANY = "Too much at once"

FILTERS: dict[Filter, str] = {
    "all": "All",
    "confident": "Confident",
    "unsure": "Not sure",
    "not_an_animal": "No animal",
    "refused": "Unusable file",
}
VERDICTS: dict[Filter, str] = FILTERS | {"not_an_animal": "No animal recognised"}


def no_longer_kept(seconds: float) -> Notice:
    """`seconds`: for how long one is kept."""
    return Notice(
        "This batch is no longer kept",
        f"A batch is kept for {span(seconds)} after it was looked at last, and until this page is started "
        "anew. Its pictures are to be dropped once more.",
    )


def time_left(progress: "Progress") -> str:
    seconds = progress.seconds_left
    if seconds is None:
        return "just begun"
    if seconds < 60:
        return f"about {max(1, round(seconds))} s left"
    return f"about {round(seconds / 60)} min left"


def said(word: Word) -> str:
    """What somebody reported of an answer, as they look at it again."""
    if word.correct:
        return "You said that this is right."
    wrong = "You said that this is wrong"
    return f"{wrong}, and shows: {word.label}." if word.label else f"{wrong}."


def in_short(word: Word | None) -> str:
    """The same in a table."""
    if word is None:
        return ""
    if word.correct:
        return "right"
    return f"wrong: {word.label}" if word.label else "wrong"


def counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def ended(progress: "Progress", refused: int) -> str:
    """`refused`: how many of the files that were looked at are no usable pictures."""
    done, total = progress.done, progress.total
    if progress.state != "done":
        stopped = "Stopped" if progress.state == "cancelled" else "Interrupted"
        return f"{stopped} after {done:,} of {total:,} pictures"
    if refused == total:
        return "The file cannot be used" if total == 1 else f"None of the {total:,} files can be used"
    if refused:
        return f"{total - refused:,} of {total:,} files answered"
    return "One picture answered" if total == 1 else f"All {total:,} pictures answered"
