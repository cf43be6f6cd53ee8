"""Identify: one picture, what it shows, how sure, why, and pictures like it.

`?image=17` in the address asks about that picture of the library.
"""

import streamlit as st

from frontend import failure, markup
from frontend.answering import calls, visit
from frontend.answers import Readiness
from frontend.client import Api, ApiError
from frontend.identify import answer, chooser
from frontend.picture import Picture

ASKED = "image"
PASSING = ("not_ready", "unreachable", "timeout")  # failures that end by themselves


def show(api: Api) -> None:
    asked = visit.current()
    if asked is None or ASKED in st.query_params:
        _start(api)
    else:
        answer.show(api, asked)


def _start(api: Api) -> None:
    st.html(markup.hero())
    try:
        ready = api.readiness()
    except ApiError as error:
        failure.show(error)
        if error.code in PASSING:
            _look_again(api)
        return
    try:
        picture = _linked(api) or chooser.choose(api)
    except ApiError as error:
        failure.show(error)
        return
    if picture is not None:
        _ask(picture, ready)
    st.html(markup.status(ready.model, ready.gallery))


def _linked(api: Api) -> Picture | None:
    """The picture that the address names, which is asked about once."""
    named = st.query_params.pop(ASKED, "")
    return api.picture(calls.closely(api, int(named))) if named.isascii() and named.isdigit() else None


def _ask(picture: Picture, ready: Readiness) -> None:
    visit.begin(picture, comparable=ready.gallery > 0)
    st.rerun()


@st.fragment(run_every="4s")
def _look_again(api: Api) -> None:
    """Starts by itself as soon as the service does."""
    try:
        api.readiness()
    except ApiError:
        return
    st.rerun()
