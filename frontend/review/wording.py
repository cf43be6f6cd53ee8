"""What the Review page says: why a picture waits, and what went wrong."""

import shlex
from collections.abc import Sequence

from frontend.client import ApiError
from frontend.decisions import Decision
from frontend.deeds import OVERTAKEN, deed_and_who
from frontend.markup import todo
from frontend.review.answers import Queued, Said
from frontend.wording import Notice, Todo, notice_for, percent

# In the order in which they are offered.
REASONS = {
    "reported": "Reported wrong",
    "suspect": "Label looks wrong",
    "disagrees": "Model disagrees",
    "unsure": "Model not sure",
    "unlabelled": "No label yet",
}

NEIGHBOURS_DISAGREE = "Its neighbours disagree"  # of those that disagree, where the model does not
FILTERS = REASONS | {"disagrees": "Model or neighbours disagree"}  # both of them

INTRODUCTION = (
    "Pictures that a person should look at, the most useful first. What you decide here counts for more than "
    "what any model says."
)
EMPTY_LIBRARY = Notice(
    "Nothing in the library yet",
    "Pictures come here when the library holds some, and a model, a check or a person doubts what they show.",
    todo=Todo("fill the library", ("menagerie ingest FOLDER", "menagerie train --promote")),
)
NOTHING_HERE = Notice("Nothing waits here", "Choose another reason or another label above.")

NOTICES = {
    "not_found": Notice(
        "One of these pictures is no longer there",
        "Somebody else changed the library meanwhile. Nothing was decided; the queue has been read anew.",
    ),
    "nothing_to_undo": Notice(
        "That was taken back already", "Somebody else was quicker. The queue has been read anew."
    ),
    "invalid_label": Notice(
        "This cannot be a label here", "Nothing was decided. See below what is wrong with it."
    ),
    "database_busy": Notice(
        "Somebody else is writing just now", "Nothing was lost and nothing decided. Try once more."
    ),
    "storage_full": Notice(
        "The service has no room left to write", "Nothing was decided. Whoever runs it has to make some room."
    ),
    "invalid_request": Notice("The service did not take this decision", "See below what it did not like."),
}
# Where asking again finds the same: what is shown is no longer how things are.
OUTDATED = ("not_found", "nothing_to_undo")


def nothing_waits(task: str) -> Notice:
    return Notice(
        "Nothing waits for you",
        "Every picture that looked doubtful has been decided on. More may come when people report answers.",
        todo=Todo("look for more", (_typed("check", task), _typed("index", task))),
    )


def _typed(command: str, task: str) -> str:
    return shlex.join(["menagerie", command, "--task", task])


def trouble(error: ApiError) -> Notice:
    """What to say over the pictures, which stay where they are."""
    return NOTICES.get(error.code) or notice_for(error)


def somebody_was_quicker(decided: Sequence[Decision]) -> Notice:
    """What to say where others had decided meanwhile."""
    first, *others = decided
    said = deed_and_who(first)
    if others:
        said = f"{said} So it is with {pictures(len(others))} more."
    return Notice(
        OVERTAKEN,
        f"{said} That holds, and yours was not taken. If it is wrong, undo it under Recent decisions below.",
    )


def reasons(item: Queued) -> list[str]:
    """Why a picture is here, a few words each."""
    words = REASONS | {"disagrees": NEIGHBOURS_DISAGREE} if item.neighbours_disagree else REASONS
    return [words.get(reason, reason) for reason in item.reasons]


def why(item: Queued) -> list[str]:
    """Why a picture is here, a sentence each, in plain words."""
    found = [*map(_report, item.said)]
    if "reported" in item.reasons and not found:
        found.append("Somebody reported that this is wrong.")
    if "suspect" in item.reasons:
        found.append(_suspicion(item))
    if said := _answer(item):
        found.append(said)
    if "unlabelled" in item.reasons:
        found.append("It has no label yet.")
    return found


def _report(said: Said) -> str:
    who = said.by or "Somebody"
    if said.correct:
        return f"{who} says that the model is right."
    claim = f"{who} says: {said.label}." if said.label else f"{who} says that this is wrong."
    return f"{claim} “{said.comment}”" if said.comment else claim


def _suspicion(item: Queued) -> str:
    if item.suggestion and item.suggestion != item.image.label:
        return f"Compared with all others, {item.suggestion} fits better than its label."
    return "Compared with all others, its label looks wrong, or it shows no animal."


def _answer(item: Queued) -> str | None:
    if item.answer is None:
        return None
    sure = percent(item.answer.score)
    said = {
        "not_an_animal": "The model sees no animal that it knows.",
        "unsure": f"The model is not sure: {item.answer.label}, {sure}.",
    }.get(item.answer.verdict, f"The model says {item.answer.label}, {sure} sure.")
    if item.agreement is None:
        return said
    return f"{said} {_neighbours(item, item.answer.label, item.agreement)}"


def _neighbours(item: Queued, answered: str, agreement: float) -> str:
    nearest = item.nearest
    if nearest is None:
        return f"Of the pictures nearest to it, {_share(agreement)} say {answered}."
    if nearest.asked == 1:
        return f"The one picture near to it says {nearest.label}."
    number = "all" if nearest.count == nearest.asked else f"{nearest.count}"
    said = f"Of the {nearest.asked} pictures nearest to it, {number} say {nearest.label}"
    if nearest.label == answered:
        return f"{said}."
    agree = round(agreement * nearest.asked)
    return f"{said}, {agree or 'none'} {answered}."


def _share(agreement: float) -> str:
    return "all" if agreement == 1 else "none" if agreement == 0 else f"{100 * agreement:.0f} %"


def counted(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def pictures(count: int) -> str:
    return counted(count, "picture", "pictures")


def not_looked_at(count: int, task: str) -> str:
    """HTML."""
    return (
        f'<p class="mng-fine">The model has not looked at {pictures(count)} yet; some may belong here. '
        f"{todo(Todo('have them looked at', (_typed('index', task),)))}</p>"
    )
