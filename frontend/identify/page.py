"""Identify: one picture, what it shows, how sure, why, and pictures like it.

What is asked about stands in the address, so that the way back leads to where it was chosen: `?image=17` is
that picture of the library, about which a reload asks anew; `?picture=2` the second one that this visitor
brought along, which is here as long as they are.
"""

import streamlit as st

from frontend import attention, failure, markup
from frontend.answering import calls, visit
from frontend.answering.visit import IMAGE, PICTURE
from frontend.answers import Readiness
from frontend.client import Api, ApiError
from frontend.identify import answer, chooser
from frontend.library.address import number
from frontend.picture import Picture


def show(api: Api) -> None:
    asked = visit.current()
    if asked is not None and asked.stands_in_address:
        answer.show(api, asked)
        return
    st.query_params.pop(PICTURE, None)  # of another visit, or put away
    _start(api)


def _start(api: Api) -> None:
    st.html(markup.hero())
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
    image_id = number(st.query_params.get(IMAGE))
    return None if image_id is None else api.picture(calls.closely(api, image_id))


def _ask(picture: Picture, ready: Readiness) -> None:
    visit.begin(picture, comparable=ready.gallery > 0)
    st.rerun()
