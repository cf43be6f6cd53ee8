"""Whether what is asked of late is like what the model learnt from."""

import streamlit as st

from frontend.client import Api
from frontend.models import calls, markup, wording

DAYS = 7


def show(api: Api) -> None:
    """Of the model that answers. Raises `ApiError`."""
    drift = calls.drift(api, DAYS)
    title = wording.SHARES_OF_LAST_DAYS.format(days=DAYS)
    st.html(markup.section(title, wording.drifted(drift), wording.drift_figures(drift)))
    if not drift.answers:
        return
    with st.container(key="drift"):
        st.html(markup.shares(drift.labels))
        with st.container(key="drift-days"):
            st.html(markup.days(drift))
            st.html(markup.fine(wording.pace(drift)))
