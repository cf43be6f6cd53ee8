"""One model: its figures, how it came about, and how it does beside the champion."""

import json

import streamlit as st

from frontend import markup as shared
from frontend.client import Api, ApiError
from frontend.models import calls, changing, comparing, markup, reporting, wording
from frontend.models.answers import Bundle, Comparison, Details, Registry
from frontend.models.standing import champion_before


def show(api: Api, registry: Registry, version: str) -> None:
    """Raises `ApiError`."""
    if st.button("All models", type="tertiary", icon=":material/arrow_back:"):
        st.query_params.clear()
        st.rerun()
    changing.outcome()
    try:
        model = calls.details(api, version)
    except ApiError as error:
        if error.code != "unknown_model":
            raise
        st.html(shared.notice(wording.GONE, error.detail))
        return
    _top(model)
    _beside(api, registry, model)
    _how(model)
    reporting.show(api, model)


def _top(model: Details) -> None:
    strategy = model.bundle and model.bundle.training.get("strategy")
    how = f"{model.architecture}, {strategy}" if strategy else model.architecture
    st.html(f'<div class="mng-model">{markup.section(model.version)}{markup.badge(model)}</div>')
    st.html(markup.fine(f"{how}. Task {model.task}. Trained on {wording.day(model.created_at)}."))
    if model.bundle is None:
        st.html(shared.notice(wording.NO_FILES))
    if model.metrics is not None:
        st.html(markup.lead(wording.measured(model.metrics)))
    st.html(markup.facts(_figures(model)))


def _figures(model: Details) -> list[tuple[str, str]]:
    figures = []
    if model.metrics is not None:
        figures.append(("Accuracy", wording.percent(model.metrics.accuracy)))
        figures.append((wording.EVERY_LABEL, wording.percent(model.metrics.macro_f1)))
        if model.metrics.ece is not None:
            figures.append((wording.OFF_BY, wording.percent(model.metrics.ece)))
    figures += [
        ("One picture", wording.milliseconds(model.latency_ms)),
        ("On disk", wording.size(model.bytes)),
        ("Labels", f"{model.labels:,}"),
    ]
    if model.dataset is not None and model.dataset.pictures is not None:
        figures.append(("Data set", wording.counted(model.dataset.pictures, "picture")))
    return figures


def _beside(api: Api, registry: Registry, model: Details) -> None:
    """Beside the champion; the champion itself beside the one before it."""
    champion = other = _champion(registry, model.task)
    if other == model.version:
        other = champion_before(calls.history(api, model.task).items)
    if other is not None:
        compared = calls.compare(api, other, model.version)
        title = "Beside the champion before it" if model.state == "champion" else "Beside the champion"
        st.html(markup.section(title, comparing.verdict(compared)))
        _more(compared)
        if compared.data is not None:
            st.html(markup.fine(comparing.data_change(compared.data)))
        if compared.decisions.total:
            st.html(markup.section("What review bought", comparing.bought(compared.decisions, compared)))
    if model.state != "champion" and model.task == registry.serving.task and model.bundle is not None:
        changing.promotion(api, model, champion)


def _more(compared: Comparison) -> None:
    """How more can be known of the two."""
    todo = comparing.more(compared)
    if todo is not None:
        st.html(markup.fine(f"{todo.begin}:"))
        for command in todo.commands:
            st.code(command, language="bash", wrap_lines=True)
        st.html(markup.fine(todo.then))


def _champion(registry: Registry, task: str) -> str | None:
    of_task = (one for one in registry.models if one.task == task)
    return next((one.version for one in of_task if one.state == "champion"), None)


def _how(model: Details) -> None:
    st.html(markup.section("How it came about"))
    if model.bundle is not None:
        st.html(markup.facts(_serving(model.bundle)))
        with st.expander("The recipe of its training"):
            recipe = [(name, _value(value)) for name, value in model.bundle.training.items() if _short(value)]
            st.html(markup.facts(recipe) if recipe else markup.fine("It was not trained here."))
    with st.expander(f"Its {wording.counted(model.labels, 'label')}"):
        st.html(markup.fine(", ".join(model.names)))
    if model.dataset is not None:
        st.html(markup.fine(f"Data set {model.dataset.fingerprint[:12]}"))


def _serving(bundle: Bundle) -> list[tuple[str, str]]:
    sure = f"from a score of {100 * bundle.thresholds.confidence:.0f} %"
    novelty = bundle.thresholds.novelty
    facts = [
        ("File that answers", f"{bundle.serving.file}: {bundle.serving.reason}"),
        ("Looks at", f"{bundle.size} x {bundle.size} pixels"),
        ("Says that it is sure", sure),
        ("Says no animal", "never" if novelty is None else f"above a novelty of {novelty:g}"),
        ("Temperature", f"{bundle.calibration.temperature:.2f}"),
    ]
    for one in bundle.serving.candidates:
        right, pace = wording.percent(one.accuracy), wording.milliseconds(one.latency_ms)
        facts.append((one.file, f"right on {right} held out, {pace} a picture"))
    return facts


def _short(value: object) -> bool:
    """No curves of a whole training here: the report draws them."""
    return not isinstance(value, list | dict) or len(json.dumps(value)) < 100


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value)
