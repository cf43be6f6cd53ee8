"""The likeliest labels, as bars."""

import streamlit as st

from frontend import markup as shared
from frontend.answering import markup
from frontend.answers import Prediction


def show(prediction: Prediction) -> None:
    """Folded up where none of them was taken for the answer."""
    bars = shared.bars(markup.worth_telling(prediction.top_k))
    if prediction.verdict == "not_an_animal":
        with st.expander("What it resembles most, all the same"):
            st.html(bars)
    else:
        st.html(bars)
