"""Identify: one picture, what it shows, how sure, why, and pictures like it.

What is asked about stands in the address, so that the way back leads to where it was chosen: `?image=17` is
that picture of the library, about which a reload asks anew; `?picture=` and a token the one that a visitor
brought along last, which is kept for a while.
"""

import streamlit as st

from frontend import attention, failure, markup
from frontend.answering import calls, visit
from frontend.answering.brought import pictures
from frontend.answering.visit import IMAGE, PICTURE
from frontend.answering.wording import no_longer_here
from frontend.answers import Readiness
from frontend.client import Api, ApiError
from frontend.identify import answer, chooser
from frontend.picture import Picture


def show(api: Api) -> None:
    asked = visit.current()
    if asked is None or not asked.stands_in_address:
        asked = visit.returned()
    if asked is None:
        _start(api, gone=st.query_params.pop(PICTURE, None) is not None)
    else:
        answer.show(api, asked)


def _start(api: Api, *, gone: bool) -> None:
    """`gone`: whether the address names a picture that was put away, or has been kept for long enough."""
    st.html(markup.hero())
    if gone:
        with st.container(key="gone"):
            st.html(markup.notice(no_longer_here(pictures().kept_seconds)))
    if visit.number():  # an answer was put away: nobody is to be left nowhere
        attention.lead(f"start-{visit.number()}", to=".mng-hero h1")
    try:
        ready = api.readiness()
    except ApiError as error:
        failure.show(error)
        failure.look_again(api, error)
        return
    try:
        picture = _linked(api) or chooser.choose(api)
    except ApiError as error:
        failure.show(error)
        if IMAGE in st.query_params:
            st.button("Another picture", icon=":material/arrow_back:", on_click=visit.end)
        return
    if picture is not None:
        _ask(picture, ready)
    st.html(markup.status(ready.model, ready.gallery))


def _linked(api: Api) -> Picture | None:
    """The picture of the library that the address names."""
    named = st.query_params.get(IMAGE, "")
    return api.picture(calls.closely(api, int(named))) if named.isascii() and named.isdigit() else None


def _ask(picture: Picture, ready: Readiness) -> None:
    visit.begin(picture, comparable=ready.gallery > 0)
    st.rerun()
