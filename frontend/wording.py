"""What the page says: every verdict, score and failure in plain words, with what to do about it."""

from dataclasses import dataclass

from frontend.answers import Verdict
from frontend.client import ApiError


@dataclass(frozen=True)
class Todo:
    """What only whoever runs the service can do: `deed` in words, the commands for that in their order, and
    what is to be said `then`."""

    deed: str
    commands: tuple[str, ...]
    then: str = ""

    @property
    def begin(self) -> str:
        return f"{OPERATOR} can {self.deed} with"

    @property
    def text(self) -> str:
        """All of it where there is no HTML."""
        said = f"{self.begin}: {', then '.join(self.commands)}"
        return f"{said}. {self.then}" if self.then else said


@dataclass(frozen=True)
class Notice:
    """`again`: asking the same once more may help. If not, another picture will."""

    title: str
    advice: str
    again: bool = False
    todo: Todo | None = None

    @property
    def text(self) -> str:
        """What there is to do, where there is no HTML."""
        said = [self.advice, self.todo.text if self.todo else ""]
        return " ".join(one for one in said if one)


OPERATOR = "Whoever runs this service"

BADGES: dict[Verdict, str] = {
    "confident": "Confident",
    "unsure": "Not sure",
    "not_an_animal": "No animal recognised",
}

MAKE_A_KEY = Todo(
    "make one",
    ("menagerie keys add page",),
    "Start this page with MENAGERIE_API_KEY set to what that prints.",
)

GONE = Notice("This picture is no longer in the library", "Choose another one.")

FAULT = "page_fault"  # a code of the page's own, where the fault is not the API's

NOTICES: dict[str, Notice] = {
    "empty_file": Notice(
        "This file is empty",
        "It may not have finished downloading or syncing. Open it on your device, then choose it again.",
    ),
    "too_many_bytes": Notice(
        "This file is too large", "Save a smaller copy as JPEG (4000 pixels wide will do) and try that."
    ),
    "too_many_pixels": Notice(
        "This picture is too large", "Save a smaller copy (4000 pixels wide is plenty) and try that."
    ),
    "unsupported_format": Notice(
        "This file is not a picture I can read",
        "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF and HEIC work. From anything else, save the picture as JPEG.",
    ),
    "truncated_image": Notice(
        "Part of this picture is missing",
        "The copy or download probably stopped early. Fetch the file again, or choose another picture.",
    ),
    "corrupt_image": Notice(
        "This picture is damaged",
        "If it still opens on your device, save it anew as JPEG or PNG there and try the new file.",
    ),
    "not_found": GONE,
    "file_missing": GONE,
    "unknown_label": Notice(
        "The service does not know this animal any more",
        "It serves another model than before. Choose the picture again, and it is asked anew.",
    ),
    "storage_unavailable": Notice(
        "This picture cannot be fetched now", "The place where it lies is not answering.", again=True
    ),
    "not_ready": Notice(
        "The service is still starting", "It is loading its model. Give it a few seconds.", again=True
    ),
    "missing_key": Notice("The service wants a key, and this page has none", "", again=True, todo=MAKE_A_KEY),
    "invalid_key": Notice(
        "The service does not accept this page's key",
        "It may have been revoked.",
        again=True,
        todo=MAKE_A_KEY,
    ),
    "missing_scope": Notice(
        "This page's key does not allow that",
        "It lacks what is named below.",
        again=True,
        todo=MAKE_A_KEY,
    ),
    "rate_limited": Notice(
        "The service has been asked too often", "Wait a moment, then try again.", again=True
    ),
    "overloaded": Notice("The service has too much to do", "Wait a moment, then try again.", again=True),
    "timeout": Notice(
        "The service is taking too long", "It may be busy. Wait a moment, then try again.", again=True
    ),
    "unreachable": Notice(
        "The service is not answering",
        "It may be starting up or switched off. Wait a moment, then try again.",
        again=True,
        todo=Todo("start it", ("menagerie serve",)),
    ),
    FAULT: Notice(
        "This page made a mistake",
        "The service is not to blame, nor are you. Going on may help; if not, tell whoever runs this page.",
        again=True,
    ),
}

UNKNOWN = Notice(
    "The service could not answer",
    "Something went wrong on its side, not yours. Try again in a moment, or with another picture.",
    again=True,
)

EMPTY_LIBRARY = Notice(
    "The library is empty",
    "There are no pictures to pick from yet: upload one of your own.",
    todo=Todo(
        "fill the library",
        ("menagerie ingest FOLDER", "menagerie train --promote"),
        "Then the service has to be started anew.",
    ),
)

# Cosines of two embeddings, as a person would put them. Among some hundred photos of the same animal
# (46 asked about, EfficientNet-Lite0), the nearest lies at 0.72 in the median, the twelfth at 0.55.
LIKENESS = ((0.95, "Nearly identical"), (0.7, "Very alike"), (0.55, "Alike"), (0.0, "Somewhat alike"))


def notice_for(error: ApiError) -> Notice:
    return NOTICES.get(error.code, UNKNOWN)


def no_pictures_of(label: str) -> Notice:
    return Notice(
        f"No pictures of “{label}” to compare with",
        "The library holds none, or none besides this one.",
        todo=Todo("add some", ("menagerie ingest FOLDER", "menagerie index")),
    )


def likeness(similarity: float) -> str:
    return next(words for least, words in LIKENESS if similarity >= least)


def percent(score: float) -> str:
    # Never 0 or 100: no model is that sure, and rounding must not say so.
    if score > 0.99:
        return "> 99 %"
    return "< 1 %" if score < 0.01 else f"{100 * score:.0f} %"


def span(seconds: float) -> str:
    """About so long, as a person would say it."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= length:
            number = round(seconds / length)
            return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    return f"{round(seconds)} seconds"
