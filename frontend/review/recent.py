"""What was decided, by whom, and what it is good for."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from frontend import decisions, learning
from frontend.client import ApiError
from frontend.decisions import Decision
from frontend.deeds import deed
from frontend.review import calls
from frontend.review.desk import Desk, Learnt

LISTED = 15


def show(desk: Desk, bought: st.delta_generator.DeltaGenerator) -> None:
    """The last decisions, each with a way back; above, in `bought`, how many no model has learnt from yet."""
    api = desk.visitor.api
    try:
        made = decisions.latest(api, learning.COUNTED)
        # Not at each decision: another model seldom comes, and whoever comes back here sees it.
        if desk.learnt is None:
            desk.learnt = Learnt(calls.learnt_until(api))
        since = desk.learnt.until
    except ApiError:
        # The queue could be read: this can wait for the next run.
        st.html('<p class="mng-fine">The last decisions cannot be listed just now.</p>')
        return
    if made:
        bought.html(learning.told(learning.waiting(made, since), desk.task))
    with st.expander("Recent decisions", icon=":material/history:", key="review-recent"):
        if not made:
            st.html(
                '<p class="mng-fine">None yet. Each decision is listed here, with who made it and when.</p>'
            )
        for decision in made[:LISTED]:
            _row(desk, decision)


def _row(desk: Desk, decision: Decision) -> None:
    with st.container(key=f"decision-{decision.id}", horizontal=True, vertical_alignment="center"):
        who = decision.by or "on the command line"
        st.html(
            f'<div class="mng-decision"><p>{escape(deed(decision))}</p>'
            f'<p class="mng-fine">{escape(who)}, {ago(decision.made_at, datetime.now(UTC))}</p></div>'
        )
        if decision.undone_at is not None:
            st.html('<p class="mng-fine">taken back</p>')
            return
        undo = desk.undo_listed
        st.button("Undo", key=f"undo-{decision.id}", on_click=undo, args=(decision.id,), type="tertiary")


def ago(then: datetime, now: datetime) -> str:
    """How long `then` is past, as a person would say it; the date where that is days."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    return f"{then:%d %b %Y}"
