"""Review: the pictures that most need a person's eye, one decision each."""

from typing import cast

import streamlit as st

from frontend import failure, markup
from frontend.client import Api, ApiError
from frontend.review import board, closer, filters, recent
from frontend.review.board import Talk
from frontend.review.desk import Desk
from frontend.review.wording import EMPTY_LIBRARY, INTRODUCTION, NOTHING_HERE, not_looked_at, nothing_waits
from frontend.signing import NO_KEY, Visitor, focus_on_signing, signed_in

DESK = "review-desk"
TALK = "review-talk"


def show(api: Api) -> None:
    st.title("Review", anchor=False)
    st.html(markup.lead(INTRODUCTION))
    if _nothing_there(api):
        st.html(markup.notice(EMPTY_LIBRARY))
        return
    with st.container(key="review-visitor"):
        visitor = signed_in(api, "review")
    if visitor is None:
        focus_on_signing()
    else:
        desk = _desk(visitor)
        # Whoever comes here, or back here, sees how things are now.
        desk.start_anew()
        _room(desk)


def _nothing_there(api: Api) -> bool:
    """Whether the library holds no picture: then nobody needs to say who they are."""
    try:
        labelled = any(one.pictures for one in api.labels().labels)
        return not labelled and not api.images(limit=1).total
    except ApiError:
        return False  # The page's own key may not tell; what else is wrong is said by what is asked next.


def _desk(visitor: Visitor) -> Desk:
    desk = cast(Desk | None, st.session_state.get(DESK))
    if desk is None:
        desk = st.session_state[DESK] = Desk(visitor)
    desk.visitor = visitor
    return desk


# Decisions run this alone, not the page around it.
@st.fragment
def _room(desk: Desk) -> None:
    if desk.wrong is not None and desk.wrong.code in NO_KEY:
        desk.wrong = None
        st.rerun()  # signs in anew
    bought = st.empty()
    chosen = st.container(key="review-filters")
    try:
        desk.choose(*filters.chosen())
        with st.spinner("Reading the queue …"):
            desk.fill()
    except ApiError as error:
        failure.show(error)
        return
    with chosen:
        filters.show(desk)
        if desk.unanswered:
            st.html(not_looked_at(desk.unanswered, desk.task))
    _pictures(desk)
    recent.show(desk, bought)
    if desk.looked_at is not None:
        looked_at, desk.looked_at = desk.looked_at, None
        closer.show(desk.visitor.api, looked_at)


def _pictures(desk: Desk) -> None:
    talk = cast(Talk, st.session_state.setdefault(TALK, Talk()))
    if not desk.waiting:
        chosen = desk.reason is not None or desk.label is not None
        st.html(markup.notice(NOTHING_HERE if chosen else nothing_waits(desk.task)))
    # Even then: what was decided last can be taken back there.
    board.show(desk, talk)
