"""What the Models page says: figures in words, and what they do and do not tell."""

import shlex
from collections.abc import Sequence
from datetime import datetime

from frontend.models.answers import Drift, LabelShare, Metrics
from frontend.wording import Notice, Todo

INTRODUCTION = "Which models there are, how good each one is, and which one answers."
OPEN_ONE = (
    "A name opens its model: how it came about, how it does beside the champion, its report, and the button "
    "that makes it the champion."
)
NOT_MEASURED = (
    "There is none: nobody measured the starter on pictures of yours. A model that learns them is measured."
)
EVERY_LABEL, OFF_BY = "Label by label", "Certainty off by"
# What the plain names of figures are called elsewhere.
TERMS = {
    EVERY_LABEL: "Macro F1: how well each label is found and not mistaken for others, each counting the same",
    OFF_BY: "Expected calibration error: how far the certainty that it tells is, on average, from how often "
    "it is right",
    "Temperature": "What its raw scores are divided by, so that they can be read as certainties",
}
STATES = {"champion": "Answers now", "candidate": "Candidate", "retired": "Answered before"}
CHAMPION_ELSEWHERE = "Champion"
LEAST_SHARE = 0.005  # what rounds to 1 %

ONLY_STARTER = Notice(
    "Only the starter model so far",
    "It knows 398 kinds of animals without any training, and was never measured on pictures of yours. The "
    "figures of one that learns your own animals will stand here.",
    todo=Todo("teach one", ("menagerie ingest FOLDER", "menagerie train --promote")),
)
GONE = Notice(
    "This model is not in the registry", "Perhaps the address was cut short. Go back to all models."
)
NO_FILES = Notice(
    "The files of this model are not where the service looks for them",
    "It cannot answer until they are back in the folder of bundles.",
)
SHARES_OF_LAST_DAYS = "What it was asked in the last {days} days"

TROUBLE = {
    "worse_than_champion": "It does worse than the champion",
    "not_compared": "The two were not measured on the same pictures",
    "bad_bundle": "This model cannot serve",
    "overtaken": "Somebody else changed the champion meanwhile",
    "no_earlier_champion": "There is no earlier champion to go back to",
    "other_task": "This service answers for another task",
}
# Refused for a reason that a person may overrule.
ARGUABLE = ("worse_than_champion", "not_compared")


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def interval(low: float, high: float) -> str:
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def size(number: int | None) -> str:
    return "not here" if number is None else f"{number / 1e6:.0f} MB"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def no_models(task: str) -> Notice:
    command = shlex.join(["menagerie", "train", "--task", task])
    return Notice("No models of this task", "", todo=Todo("train one", (command,)))


def evaluation(version: str) -> Todo:
    """What to do where a speed or a report is missing."""
    command = shlex.join(["menagerie", "evaluate", version])
    return Todo(f"have {version} timed, and a report written on what it gets wrong,", (command,))


def day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def short_day(at: datetime) -> str:
    return f"{at.day} {at:%b} {at.year}"


def moment(at: datetime) -> str:
    return f"{day(at)}, {at:%H:%M} UTC"


def counted(number: int, one: str, more: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def measured(metrics: Metrics) -> str:
    return (
        f"Right on {percent(metrics.accuracy)} of {counted(metrics.pictures, 'test picture')} that it never "
        f"saw. On others like them, expect {interval(*metrics.accuracy_interval)}."
    )


def drifted(drift: Drift) -> str:
    """Whether today's pictures are like those that the model learnt from, in a sentence or two."""
    if not drift.answers and drift.of_library:
        return f"{drift.version} was asked about pictures of the library alone, which tell nothing here."
    if not drift.answers:
        return f"Nobody asked {drift.version} anything in these days."
    if any(one.expected is None for one in drift.labels):
        return f"{drift.version} does not say how frequent its labels were in what it learnt from."
    if drift.distance is None or drift.by_chance is None:
        return (
            f"{_named(drift)}: too few to say whether they are another mixture than it learnt from. From "
            f"{drift.least} on, that is told here."
        )
    if drift.distance <= drift.by_chance:
        return "The labels are about as frequent as in what it learnt from."
    most = max(drift.labels, key=_surplus)
    return (
        "It is asked about another mixture than it learnt from, more than chance explains. Most of all more "
        f"{most.label}: {100 * most.share:.0f} % of the answers, "
        f"{100 * (most.expected or 0):.0f} % of what it learnt from."
    )


def _named(drift: Drift) -> str:
    """How many answers there are to judge by: those that named an animal."""
    strangers = round(drift.answers * (drift.not_an_animal or 0))
    if not strangers:
        return counted(drift.answers, "answer")
    return f"{drift.answers - strangers:,} of {counted(drift.answers, 'answer')} named an animal"


def drift_figures(drift: Drift) -> str | None:
    """What that is judged by; None where it was not."""
    if drift.distance is None or drift.by_chance is None:
        return None
    return (
        f"Jensen-Shannon distance of the two mixtures: {drift.distance:.2f}, where 0 is the same and 1 has "
        f"nothing in common; chance alone reaches {drift.by_chance:.2f}"
    )


def _surplus(one: LabelShare) -> float:
    return one.share - (one.expected or 0)


def pace(drift: Drift) -> str:
    """How sure and how fast it was."""
    said = []
    if drift.mean_score is not None and drift.unsure is not None and drift.not_an_animal is not None:
        said.append(
            f"Of {counted(drift.answers, 'answer')} {100 * drift.unsure:.0f} % were unsure and "
            f"{100 * drift.not_an_animal:.0f} % saw no animal; the mean score was "
            f"{100 * drift.mean_score:.0f} %."
        )
    if drift.of_library:
        said.append(f"{_besides(drift.of_library)} count.")
    if drift.latency is not None:
        said.append(
            f"Half of its answers took less than {milliseconds(drift.latency.median_ms)}, 19 of 20 less than "
            f"{milliseconds(drift.latency.p95_ms)}."
        )
    return " ".join(said)


def _besides(of_library: int) -> str:
    if of_library == 1:
        return "One more question, about a picture of the library itself, does not"
    return f"Another {of_library:,} questions, about pictures of the library itself, do not"


def changed(version: str, unembedded: int) -> str:
    """That another model answers now, and what is still to be done."""
    said = f"{version} is the champion. The service takes it up within seconds."
    if unembedded:
        said += (
            f" It has not looked at {counted(unembedded, 'picture')} of the library yet: until it has, the "
            "model before it finds similar pictures."
        )
    return said


def indexing(version: str) -> Todo:
    """What to do then."""
    return Todo("have it look at them", (shlex.join(["menagerie", "index", "--version", version]),))


def labels_by_surprise(labels: Sequence[LabelShare], most: int) -> list[LabelShare]:
    """Those whose share moved most, at most so many, the most frequent answers first. What was neither
    answered nor learnt, in whole percents, tells nothing."""
    there = [one for one in labels if max(one.share, one.expected or 0) >= LEAST_SHARE]
    chosen = sorted(there, key=lambda one: -abs(_surplus(one)))[:most]
    return sorted(chosen, key=lambda one: -one.share)
