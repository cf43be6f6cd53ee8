"""Which part of the queue is looked at."""

import streamlit as st

from frontend.review.desk import Desk
from frontend.review.wording import FILTERS

REASON = "review-reason"
LABEL = "review-label"
ALL = ""  # no label is that


def chosen() -> tuple[str | None, str | None]:
    """The reason and the label that are chosen; None is all of them."""
    reason, label = st.session_state.get(REASON), st.session_state.get(LABEL)
    return reason or None, label or None


def show(desk: Desk) -> None:
    def in_words(reason: str) -> str:
        count = desk.counts.get(reason, 0)
        return "All reasons" if reason == ALL else f"{FILTERS[reason]} · {count:,}"

    st.pills(
        "Why it waits",
        [ALL, *FILTERS],
        default=ALL,
        required=True,
        format_func=in_words,
        key=REASON,
    )
    st.selectbox(
        "Label",
        [ALL, *sorted(desk.names())],
        format_func=lambda label: "All labels" if label == ALL else label,
        key=LABEL,
    )
