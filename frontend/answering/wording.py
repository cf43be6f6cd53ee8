"""What this room says, in plain words."""

from frontend.answering.calls import ANY
from frontend.answers import Prediction, Verdict
from frontend.wording import Notice, percent, span

FORMATS = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"
WAITING = "Looking at the picture …"
SEARCHING = "Searching the library …"
SLOW = "This takes longer than usual: the service is busy, or far away. The answer still comes."
# Of an answer that cannot be kept; any other failure is said as everywhere.
NOT_TAKEN: dict[str, Notice] = {
    "not_found": Notice("This service takes no reports", "Whoever runs it has to update it first."),
    "unknown_prediction": Notice(
        "The service no longer knows this answer", "Ask about the picture anew, then say what is wrong."
    ),
    "database_busy": Notice("This could not be written down now", "Wait a moment, then send it again."),
    "storage_full": Notice(
        "The service has no room left to write this down", "Whoever runs it has to make some; try again then."
    ),
}
# Who decides on pictures sees it at once, and everybody as soon as somebody said what it shows. Where nobody
# needs a key, everybody may decide.
STORED = "Only then does the library get it, which everybody here can look through."
THANKS = "Thank you. The people who look after the library will see what you said."
THANKS_RIGHT = "Thank you, noted."
THANKS_KEPT = "Thank you. What you said and the picture wait for the people who look after the library."
THANKS_NOT_KEPT = "Thank you, what you said is noted. The picture was not kept, though: {reason}."
NOTHING_SPEAKS = "Nothing in the picture speaks for “{label}”."

QUESTION: dict[Verdict, tuple[str, str, str]] = {
    "confident": ("Is that right?", "Yes", "No"),
    "unsure": ("Is the first guess right?", "Yes", "No"),
    "not_an_animal": ("Is that right?", "Yes, no animal", "No, there is one"),
}
ADVICE: dict[Verdict, str] = {
    "confident": "There are no pictures to compare with yet.",
    "unsure": "A sharper picture with one animal large in the middle usually settles it.",
    "not_an_animal": (
        "Try a picture in which the animal fills most of the frame, in daylight and in focus. "
        "If it did show an animal, it is of a kind I have not learnt."
    ),
}
# Where pictures of the library stand below.
ADVICE_BESIDE_PICTURES = ADVICE | {
    "confident": "Hold it against the similar pictures below to see for yourself.",
    "unsure": f"{ADVICE['unsure']} Or hold it against pictures of each guess below.",
}


def no_longer_here(seconds: float) -> Notice:
    """`seconds`: for how long a picture is kept."""
    return Notice(
        "This picture is no longer here",
        f"The last one that you brought along is kept for {span(seconds)} after you looked at it, and until "
        "this page is started anew. Choose it once more, and it is asked about anew.",
    )


def who_sees(seconds: float) -> str:
    """What becomes of a picture that somebody asks about; `seconds`: for how long it is kept."""
    return f"{STORED} Otherwise this page forgets it with your next one, or {span(seconds)} after you left."


def thanks(*, correct: bool, sent: bool, not_kept: str | None) -> str:
    """`sent`: whether the picture went along; `not_kept`: why it was not kept, None where it was."""
    if sent and not_kept is not None:
        return THANKS_NOT_KEPT.format(reason=not_kept.rstrip("."))
    if sent:
        return THANKS_KEPT
    return THANKS_RIGHT if correct else THANKS


def meaning(prediction: Prediction) -> str | None:
    """What the score stands for. It is calibrated: that is what the number means, and no more."""
    if prediction.verdict == "not_an_animal":
        return None
    whole = round(100 * prediction.score)
    count = "more than 99" if whole > 99 else f"about {max(whole, 1)}"
    return f"Of 100 answers as sure as this one, {count} are right."


def second_opinion(prediction: Prediction) -> str | None:
    """What the most similar pictures say to the likeliest label; None where none was given, or none asked."""
    agree = prediction.neighbours_agree
    if agree is None or prediction.verdict == "not_an_animal":
        return None
    tenths = round(10 * agree)
    if tenths == 0:
        return "A second opinion differs: none of the most similar pictures in the library agrees."
    if agree == 1:
        return "A second opinion: all of the most similar pictures in the library agree."
    if tenths < 5:
        return f"A second opinion differs: {tenths} in 10 of the most similar pictures in the library agree."
    return f"A second opinion: {min(tenths, 9)} in 10 of the most similar pictures in the library agree."


def look_alikes(alike: int) -> str:
    """`alike`: how many pictures show the same, the one that is seen among them."""
    others = alike - 1
    return {0: "", 1: "and 1 look-alike"}.get(others, f"and {others:,} look-alikes")


def pictures_of(label: str) -> str:
    return "Any animal" if label == ANY else label


def as_text(prediction: Prediction, name: str) -> str:
    """An answer to paste elsewhere."""
    guesses = "\n".join(f"- {entry.label}: {percent(entry.score)}" for entry in prediction.top_k)
    opinion = second_opinion(prediction)
    said = [f"{name}: {prediction.sentence}", guesses, *([opinion] if opinion else [])]
    return "\n".join([*said, f"Model {prediction.model.version} of {prediction.model.task}"])
