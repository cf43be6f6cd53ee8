"""How a failure of the API looks on the page."""

import time

import streamlit as st

from frontend import markup
from frontend.client import Api, ApiError
from frontend.wording import Notice, notice_for

EVERY_SECONDS = 4.0
PASSING = ("not_ready", "unreachable")  # failures that end by themselves


def show(error: ApiError, said: Notice | None = None, key: str = "failure") -> None:
    """Says what happened, in words of the page's own where it has some, and, where asking once more may help,
    offers that. `key`: another one for each failure that can stand beside others."""
    with st.container(key=key):
        say(error, said)
        if (said or notice_for(error)).again:
            # Needs no handler: every click runs the page again, and what failed was not kept.
            st.button("Try again", type="primary", key=f"{key}-again")


def say(error: ApiError, said: Notice | None = None) -> None:
    """Says what happened, and offers nothing."""
    st.html(markup.notice(said or notice_for(error), error.detail))


def look_again(api: Api, error: ApiError) -> None:
    """Where a failure ends by itself, runs the page again as soon as it has."""
    if error.code in PASSING:
        _look_again(api, time.monotonic())


@st.fragment(run_every=EVERY_SECONDS)
def _look_again(api: Api, failed: float) -> None:
    if time.monotonic() - failed < EVERY_SECONDS / 2:
        return  # drawn with the failure, and not by the clock
    try:
        api.readiness()
    except ApiError:
        return
    st.rerun()
