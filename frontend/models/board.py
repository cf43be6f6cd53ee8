"""The models of a task side by side, each with its figures and a way to see more."""

import math
from collections.abc import Sequence
from typing import cast

import streamlit as st

from frontend.markup import plain
from frontend.models import markup, wording
from frontend.models.answers import STARTER, Model

PAGE = 10
SHOWN = "models-shown"
NEAR = 0.25  # of accuracy
ORDERS = ("Best first", "Newest first")


def show(models: Sequence[Model]) -> None:
    """`models`, the newest first; not empty."""
    order = ORDERS[0]
    if len(models) > 1:
        order = st.segmented_control("Order", ORDERS, default=order, label_visibility="collapsed") or order
    ordered = list(models) if order == ORDERS[1] else sorted(models, key=_rank)
    low = scale_begin(models)
    champion = next((one.metrics for one in models if one.state == "champion"), None)
    shown = cast(int, st.session_state.get(SHOWN, PAGE))
    with st.container(key="board", gap=None):
        with st.container(key="board-head"):
            st.html(markup.head(low))
        for number, model in enumerate(ordered[:shown]):
            with st.container(key=f"board-row-{number}-{model.state}"):
                if st.button(plain(model.version), key=f"open-{model.version}", type="tertiary"):
                    open_model(model.version)
                st.html(markup.row(model, low, champion))
    _more(len(models), shown)
    st.html(markup.fine(wording.OPEN_ONE))
    _compare(models)
    if unmeasured := [one.version for one in ordered[:shown] if _lacks_figures(one)]:
        st.html(markup.todo(wording.evaluation(unmeasured[0])))


def _lacks_figures(model: Model) -> bool:
    return model.latency_ms is None and bool(model.bytes) and model.task != STARTER


def _compare(models: Sequence[Model]) -> None:
    """The way to the newest model, where that is newer than the champion: whether it is better, and how to
    promote it."""
    champion = next((one.version for one in models if one.state == "champion"), None)
    newest = models[0]
    if champion is None or newest.state != "candidate":
        return
    words = plain(f"Compare {newest.version} with {champion}, or promote it")
    if st.button(words, icon=":material/compare_arrows:"):
        open_model(newest.version)


def open_model(version: str) -> None:
    st.query_params["version"] = version
    st.rerun()


def scale_begin(models: Sequence[Model]) -> float:
    """Where the common scale of accuracies begins: the tenth below all that come near the best one. Others
    would leave no room to tell these apart."""
    measured = [one.metrics for one in models if one.metrics]
    best = max((one.accuracy for one in measured), default=0.0)
    near = [one.accuracy_interval[0] for one in measured if one.accuracy >= best - NEAR]
    return min(0.9, math.floor(10 * min(near, default=0.0)) / 10)


def _rank(model: Model) -> tuple[float, bool]:
    """The most accurate first; what was not measured last. Of equal ones the champion, then the newest."""
    return -model.metrics.accuracy if model.metrics else 1.0, model.state != "champion"


def _more(models: int, shown: int) -> None:
    if models > shown:
        following = min(PAGE, models - shown)
        with st.container(horizontal=True, vertical_alignment="center", key="board-more"):
            if st.button(f"Show {following} more"):
                st.session_state[SHOWN] = shown + PAGE
                st.rerun()
            st.html(markup.fine(f"{shown} of {models} models"))
