"""The Models page's own pieces of HTML. Every text from outside is escaped here."""

from collections.abc import Iterable, Sequence
from html import escape

from frontend import markup as shared
from frontend.models import wording
from frontend.models.answers import Day, Drift, Event, LabelShare, Metrics, Model
from frontend.wording import Todo

MOST_LABELS = 12


def lead(text: str) -> str:
    return f'<p class="mng-said">{escape(shared.unbroken(text))}</p>'


def fine(text: str) -> str:
    return f'<p class="mng-fine">{escape(shared.unbroken(text))}</p>'


def todo(one: Todo) -> str:
    return f'<p class="mng-fine">{shared.todo(one)}</p>'


def section(title: str, text: str = "", figures: str | None = None) -> str:
    """`figures`: what `text` is judged by, for those who ask."""
    more = f" {_term('In figures', figures)}" if figures else ""
    said = f"<p>{escape(shared.unbroken(text))}{more}</p>" if text else ""
    return f'<div class="mng-part"><h2>{escape(title)}</h2>{said}</div>'


def _named(name: str) -> str:
    """A figure's name, with what it is called elsewhere where that is another."""
    return _term(name, wording.TERMS[name]) if name in wording.TERMS else escape(name)


def _term(words: str, meaning: str) -> str:
    return f'<abbr title="{escape(meaning)}">{escape(words)}</abbr>'


def badge(model: Model) -> str:
    words = wording.STATES[model.state]
    if model.state == "champion" and not model.serving:
        words = wording.CHAMPION_ELSEWHERE
    return f'<span class="mng-badge mng-state-{model.state}">{words}</span>'


def head(low: float) -> str:
    """The names of the columns, for eyes alone: each figure carries its own for those who listen."""
    ticks = f'<span class="mng-ticks"><i>{100 * low:.0f} %</i><i>100 %</i></span>'
    names = (wording.EVERY_LABEL, wording.OFF_BY, "Speed", "Size", "Trained")
    others = "".join(f"<span>{_named(name)}</span>" for name in names)
    return (
        f'<div class="mng-figures mng-head" aria-hidden="true"><span>State</span><span>Accuracy{ticks}</span>'
        f"{others}</div>"
    )


def row(model: Model, low: float, champion: Metrics | None) -> str:
    """A model's figures; `low`: where the scale of accuracies begins, which ends at 1."""
    metrics = model.metrics
    figures = [
        ("State", badge(model)),
        ("Accuracy", _accuracy(metrics, low, champion)),
        (wording.EVERY_LABEL, "-" if metrics is None else wording.percent(metrics.macro_f1)),
        (wording.OFF_BY, "-" if metrics is None or metrics.ece is None else wording.percent(metrics.ece)),
        ("Speed", "-" if model.latency_ms is None else wording.milliseconds(model.latency_ms)),
        ("Size", wording.size(model.bytes)),
        ("Trained", wording.short_day(model.created_at)),
    ]
    cells = "".join(f"<div><dt>{_named(name)}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f'<dl class="mng-figures">{cells}</dl>'


def _accuracy(metrics: Metrics | None, low: float, champion: Metrics | None) -> str:
    if metrics is None:
        return '<span class="mng-fine">not measured</span>'
    other = champion is not None and champion.fingerprint != metrics.fingerprint
    note = '<br><span class="mng-fine">on other test pictures</span>' if other else ""
    within = f'<span class="mng-fine">{wording.interval(*metrics.accuracy_interval)}</span>'
    return f"{whisker(metrics, low)}<span>{wording.percent(metrics.accuracy)}</span> {within}{note}"


def whisker(metrics: Metrics, low: float) -> str:
    """A dot at the accuracy, on a line as long as its 95 % interval, for eyes alone: both stand below it."""
    if metrics.accuracy < low:
        return '<span class="mng-whisker mng-below" aria-hidden="true"></span>'
    begin, end = metrics.accuracy_interval
    at = [100 * max(0.0, value - low) / (1 - low) for value in (begin, end, metrics.accuracy)]
    style = f"--from:{at[0]:.1f}%;--to:{at[1]:.1f}%;--at:{at[2]:.1f}%"
    return f'<span class="mng-whisker" style="{style}" aria-hidden="true"></span>'


def refusal(title: str, detail: str) -> str:
    return f'<div class="mng-objection" role="alert"><b>{escape(title)}</b>{fine(detail)}</div>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    cells = "".join(
        f"<div><dt>{_named(name)}</dt><dd>{escape(shared.unbroken(value))}</dd></div>"
        for name, value in pairs
    )
    return f'<dl class="mng-facts">{cells}</dl>'


def timeline(events: Sequence[Event]) -> str:
    return f'<ol class="mng-timeline">{"".join(map(_event, events))}</ol>'


def _event(event: Event) -> str:
    what = "was promoted" if event.kind == "promoted" else "was taken back"
    by = f" by {escape(event.by)}" if event.by else ""
    return (
        f'<li class="mng-{event.kind}"><span><b>{escape(event.version)}</b> {what}{by}</span>'
        f'<span class="mng-fine">{wording.moment(event.at)}</span></li>'
    )


def shares(labels: Sequence[LabelShare]) -> str:
    """Each label's share of the answers as a bar, and of what was learnt as a mark on it."""
    shown = wording.labels_by_surprise(labels, MOST_LABELS)
    scale = max([one.share for one in shown] + [one.expected or 0 for one in shown]) or 1
    items = "".join(_share(one, scale) for one in shown)
    left_out = len(labels) - len(shown)
    learnt = any(one.expected is not None for one in labels)
    less = "moved less" if learnt else "were answered less, or never"
    note = fine(f"{left_out} more labels {less}.") if left_out else ""
    then = ' <i class="mng-then"></i>learnt from' if learnt else ""
    key = f'<p class="mng-fine mng-key"><i class="mng-now"></i>answers{then}</p>'
    return f'{key}<ul class="mng-shares">{items}</ul>{note}'


def _share(one: LabelShare, scale: float) -> str:
    mark, learnt = "", ""
    if one.expected is not None:
        mark = f'<u style="left:{100 * one.expected / scale:.1f}%"></u>'
        learnt = f"; learnt {100 * one.expected:.0f} %"
    return (
        f"<li><span>{escape(one.label)}</span><span>{100 * one.share:.0f} %{learnt}</span>"
        f'<i aria-hidden="true"><b style="width:{100 * one.share / scale:.1f}%"></b>{mark}</i></li>'
    )


def days(drift: Drift) -> str:
    """A row a day: how many answers, and which part of them was unsure."""
    most = max(day.answers for day in drift.days) or 1
    rows = "".join(_day(day, most) for day in drift.days)
    return (
        '<table class="mng-days"><thead><tr><th scope="col">Day</th><th scope="col">Answers</th>'
        f'<th scope="col">Unsure</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _day(day: Day, most: int) -> str:
    answers = f"{day.answers:,}{' or more' if day.capped else ''}"
    unsure = "-" if day.unsure is None else f"{100 * day.unsure:.0f} %"
    bar = f'<i aria-hidden="true"><b style="width:{100 * day.answers / most:.1f}%"></b></i>'
    name = f"{day.day:%a} {day.day.day} {day.day:%b}"
    return f'<tr><th scope="row">{name}</th><td>{bar}{answers}</td><td>{unsure}</td></tr>'
