"""Two models in words: which is better, what made the difference, and how more can be known."""

import shlex

from frontend.models.answers import Comparison, DataChange, Decisions, Metrics, Paired
from frontend.models.wording import counted, interval, percent
from frontend.wording import Todo

UNLIKELY = 0.05  # the usual bound: of 20 differences by chance, one looks as large


def verdict(compared: Comparison) -> str:
    """Which of two is better, as far as that can be told."""
    a, b = compared.a, compared.b
    if compared.paired is not None:
        return _paired(a.version, b.version, compared.paired) + _left_out(compared.unasked)
    if compared.same_pictures and a.metrics and b.metrics:
        return (
            f"On the same {counted(b.metrics.pictures, 'test picture')}, {b.version} is right on "
            f"{_accuracy(b.metrics)}, {a.version} on {_accuracy(a.metrics)}. Which pictures each of them got "
            "right is not known here, so nobody can say whether that is chance."
        )
    return "They were not measured on the same test pictures: their figures do not tell which is better."


def more(compared: Comparison) -> Todo | None:
    """How more can be known of two; None where that is all."""
    command = ["menagerie", "compare", compared.a.version, compared.b.version]
    if compared.unasked:
        return Todo(
            f"ask both about {_those(compared.unasked)} that neither learnt from",
            (shlex.join(command),),
            "This page then tells how many each got right, and whether chance explains the difference. The "
            "pictures themselves are on a page that the command writes.",
        )
    if compared.paired is not None:
        return None
    return Todo(
        "ask both about other pictures that neither learnt from, a folder for each label,",
        (f"{shlex.join(command)} FOLDER",),
        _nothing_new(compared.unasked),
    )


def _those(pictures: int) -> str:
    return "the one test picture" if pictures == 1 else f"the {pictures:,} test pictures"


def _nothing_new(unasked: int | None) -> str:
    if unasked is None:
        return "Of the test pictures nobody knows that: what one of the two learnt from was not kept."
    return "The test split has none that is new to both."


def _left_out(unasked: int | None) -> str:
    if not unasked:
        return ""
    pictures = counted(unasked, "test picture is", "test pictures are")
    return f" {pictures} not among them: not both were asked about what came since."


def _accuracy(metrics: Metrics) -> str:
    return f"{percent(metrics.accuracy)} ({interval(*metrics.accuracy_interval)})"


def _paired(a: str, b: str, paired: Paired) -> str:
    pictures = counted(paired.pictures, "test picture")
    more = paired.b.count - paired.a.count
    if paired.only_a == paired.only_b == 0:
        return f"Both are right on the same {paired.b.count} of {pictures}."
    if more == 0:
        return f"Each is right on {paired.b.count} of {pictures}, though not on the same ones."
    chance = f"chance could explain that (p = {paired.p_value:.2f})"
    if paired.p_value < UNLIKELY:
        p = "p < 0.001" if paired.p_value < 0.001 else f"p = {paired.p_value:.3f}"
        chance = f"chance hardly explains that ({p})"
    what = "more" if more > 0 else "fewer"
    return f"{b} is right on {abs(more)} {what} of {pictures} than {a}; {chance}."


def data_change(change: DataChange) -> str:
    """What the later of two learnt from that the earlier did not."""
    parts = [
        (change.added, f"{counted(change.added, 'picture')} more"),
        (change.removed, f"{counted(change.removed, 'picture')} fewer"),
        (change.relabelled, f"{counted(change.relabelled, 'picture')} under another label"),
        (change.moved, f"{counted(change.moved, 'picture')} in another split"),
    ]
    said = [text for number, text in parts if number]
    if not said:
        return "Both learnt from the very same pictures and labels."
    return f"What it learnt from: {', '.join(said)}."


def bought(decisions: Decisions, compared: Comparison) -> str:
    """What people decided between two trainings, and what became of the accuracy."""
    kinds = [
        (decisions.label, f"{counted(decisions.label, 'label')} set right or given"),
        (decisions.exclude, f"{counted(decisions.exclude, 'picture')} taken out"),
        (decisions.include, f"{counted(decisions.include, 'picture')} found to be in order"),
    ]
    what = ", ".join(text for number, text in kinds if number)
    said = f"Between the two trainings people made {counted(decisions.total, 'decision')}: {what}."
    became = _before_and_after(compared)
    if became is None:
        return f"{said} What that changed is not known: not both were asked about the same test pictures."
    other = compared.a.architecture != compared.b.architecture
    return f"{said} {became}{' It is another network too: not all of that is review.' if other else ''}"


def _before_and_after(compared: Comparison) -> str | None:
    a, b, paired = compared.a.metrics, compared.b.metrics, compared.paired
    if paired is not None:
        pictures, before, after = paired.pictures, paired.a, paired.b
        shares = [(one.value, one.low, one.high) for one in (before, after)]
    elif compared.same_pictures and a and b:
        pictures = b.pictures
        shares = [(one.accuracy, *one.accuracy_interval) for one in (a, b)]
    else:
        return None
    was, became = (f"{percent(value)} ({interval(low, high)})" for value, low, high in shares)
    same = f"On the same {counted(pictures, 'test picture')}"
    return f"{same} it was right on {was} before, and is on {became} after."
