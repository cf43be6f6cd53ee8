"""What this room says, in plain words."""

from collections.abc import Collection

from frontend.client import ApiError
from frontend.decisions import Decision
from frontend.deeds import OVERTAKEN, deed_and_who
from frontend.wording import Notice, Todo, notice_for

SPLITS = {"train": "Training", "val": "Validation", "test": "Test"}

# By the stable codes of `menagerie check`: as a filter, and of one picture.
FINDINGS: dict[str, tuple[str, str]] = {
    "suspect": ("Label looks wrong", "Its label looks wrong"),
    "not_an_animal": ("No animal to be seen", "No animal is to be seen in it"),
    "outlier": ("Unlike all others", "It is unlike all other pictures"),
    "two_labels": ("One picture, several labels", "The same picture carries another label elsewhere"),
    "blurry": ("Blurry", "Nothing in it is sharp"),
    "dark": ("Dark", "It is dark, so that little can be told apart"),
    "bright": ("Too bright", "It is so bright that little can be told apart"),
    "blank": ("Blank", "It is one plain surface"),
    "tiny": ("Tiny", "It has few pixels"),
    "odd_shape": ("Long and narrow", "It is so long that the model sees the smaller part of it"),
    "grayscale": ("Without colour", "It has no colour"),
}

INTRODUCTION = "The pictures that the service compares with and learns from."
EMPTY = Notice(
    "There are no pictures yet",
    "A folder for each animal, with its pictures inside, is all that it takes.",
    todo=Todo("fill the library", ("menagerie ingest FOLDER",)),
)
NOTHING_PASSES = Notice("No picture is like that", "Take one of the filters away, or all of them.")
NOTHING_LEFT = Notice("There are no pictures after this", "Some may have been taken out meanwhile.")
NO_SUCH_FILTER = Notice(
    "The library knows nothing of that name",
    "The address asks for a label, place or finding that is not there.",
)
INDEX = Todo("have it looked at", ("menagerie index",))
NOTHING_FOUND = Notice(
    "Nothing to compare with",
    "The model has not looked at the library's pictures yet.",
    todo=Todo("have them looked at", ("menagerie index",)),
)
GONE = Notice(
    "This picture is not in the library",
    "It may have been removed, or its file may have moved since. The others are still there.",
)
GONE_FILE = Notice(
    "The file of this picture is gone",
    "It is no longer where the library knew it.",
    todo=Todo("tell the library where its pictures are", ("menagerie ingest FOLDER",)),
)
NOT_SEARCHED = "The model has not looked at this picture yet, so that nothing can be compared with it."
UPLOAD_GONE = Notice(
    "The picture that you searched by is no longer here",
    "One that is searched by is forgotten when the page is loaded anew. Choose it once more.",
)
NO_TEXTS = Notice(
    "The model in service cannot search by words", "Search by a picture, or look by label instead."
)

CHECKED = "What the last check found"
DISPUTED = "The check doubts it: look for yourself, and decide below."
LEARNT = (
    "The check, which did not learn from this picture, doubts it; the model did, and may only repeat what it "
    "was told. Look for yourself, and decide below."
)
DOUBTS = ("suspect", "not_an_animal")  # findings that an answer can contradict
# Of 916 photos of animals from the web, one in twenty is less sharp than that; half are beyond 2,900.
SOFT = 800

NEW_LABEL = "A new label: the model knows it from the next training on."

NOTICES = {
    "unknown_label": NO_SUCH_FILTER,
    "unknown_source": NO_SUCH_FILTER,
    "invalid_request": NO_SUCH_FILTER,
    "no_text_search": NO_TEXTS,
}


def notice_of(error: ApiError) -> Notice:
    return NOTICES.get(error.code) or notice_for(error)


def finding(kind: str) -> str:
    """As a filter; a kind that is newer than this page by its code."""
    return FINDINGS.get(kind, (kind.replace("_", " ").capitalize(), ""))[0]


def found(kind: str, better: str | None) -> str:
    """Of one picture."""
    said = FINDINGS.get(kind, ("", kind.replace("_", " ").capitalize()))[1]
    return f"{said}: rather {better}." if better else f"{said}."


def decided(kind: str, label: str | None) -> str:
    """Of a decision that was just made."""
    if kind == "label":
        return f"It is labelled {label} now."
    return "It is left out now." if kind == "exclude" else "It is used, as it is."


def overtaken(meanwhile: Decision) -> Notice:
    """What to say where somebody else had decided on a picture since it was shown."""
    advice = (
        f"{deed_and_who(meanwhile)} That holds, and yours was not taken. If it is wrong, decide once more."
    )
    return Notice(OVERTAKEN, advice)


def count(pictures: int) -> str:
    return "1 picture" if pictures == 1 else f"{pictures:,} pictures"


def size(of_bytes: int) -> str:
    if of_bytes < 1_000_000:
        return f"{max(1, round(of_bytes / 1000)):,} kB"
    return f"{of_bytes / 1_000_000:,.1f} MB"


def shape(ratio: float) -> str:
    """A ratio of width to height, to one in the smaller."""
    return f"{ratio:.2f} : 1" if ratio >= 1 else f"1 : {1 / ratio:.2f}"


def sharpness(measured: float, kinds: Collection[str]) -> str:
    """`measured`: as the API has it; `kinds`: of what was found in the picture."""
    if "blurry" in kinds:
        return "Blurry"
    return "Rather soft" if measured < SOFT else "Sharp"


def agreement(share: float) -> str:
    if share in (0, 1):
        return f"{'All' if share else 'None'} of the most similar pictures agree."
    return f"{min(max(round(10 * share), 1), 9)} in 10 of the most similar pictures agree."
