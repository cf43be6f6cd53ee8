"""How a failure of the API looks on the page."""

import streamlit as st

from frontend import markup
from frontend.client import ApiError
from frontend.wording import notice_for


def show(error: ApiError) -> None:
    """Says what happened and, where asking once more may help, offers that."""
    said = notice_for(error)
    with st.container(key="failure"):
        st.html(markup.notice(said, error.detail))
        if said.again:
            # Needs no handler: every click runs the page again, and what failed was not kept.
            st.button("Try again", type="primary", key="again")
