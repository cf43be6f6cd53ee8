"""Models: what answers, and what might."""

from collections.abc import Sequence

import streamlit as st

from frontend import decisions, failure, learning
from frontend import markup as shared
from frontend.client import Api, ApiError
from frontend.models import board, calls, changing, details, drifting, markup, wording
from frontend.models.answers import STARTER, Model, Registry
from frontend.models.standing import champion_before


def show(api: Api) -> None:
    st.title("Models", anchor=False)
    st.html(shared.lead(wording.INTRODUCTION))
    version = st.query_params.get("version")
    try:
        with st.spinner("Asking for the models …"):
            registry = calls.registry(api)
        if version:
            details.show(api, registry, version)
        else:
            _overview(api, registry)
    except ApiError as error:
        failure.show(error)


def _overview(api: Api, registry: Registry) -> None:
    changing.outcome()
    task = _task(registry)
    models = [one for one in registry.models if one.task == task]
    if not models:
        st.html(shared.notice(wording.no_models(task)))
        return
    if all(one.task == STARTER for one in registry.models):
        st.html(shared.notice(wording.ONLY_STARTER))
    board.show(models)
    if task == registry.serving.task:
        _waiting(api, models)
        drifting.show(api)
    _history(api, registry, task, models)


def _waiting(api: Api, models: Sequence[Model]) -> None:
    """How many decisions none of the models has learnt from."""
    try:
        made = decisions.latest(api, learning.COUNTED)
    except ApiError:
        return  # It is told on the page for that, to those who may see it.
    if made:
        st.html(learning.told(learning.waiting(made, max(one.created_at for one in models)), models[0].task))


def _task(registry: Registry) -> str:
    serving = registry.serving.task
    tasks = sorted({one.task for one in registry.models}, key=lambda name: (name != serving, name))
    if len(tasks) < 2:
        return serving
    chosen = st.segmented_control("Task", tasks, default=serving, format_func=shared.plain, key="models-task")
    return chosen or serving


def _history(api: Api, registry: Registry, task: str, models: Sequence[Model]) -> None:
    events = calls.history(api, task).items
    st.html(markup.section("Who answered when"))
    if not events:
        st.html(markup.fine("No model of this task was ever promoted."))
        return
    st.html(markup.timeline(events))
    champion = next((one.version for one in models if one.state == "champion"), None)
    before = champion_before(events)
    if champion and before and task == registry.serving.task:
        changing.rollback(api, task, champion, before)
