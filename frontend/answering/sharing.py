"""An answer to take elsewhere."""

import streamlit as st

from frontend.answering import markup, wording
from frontend.answering.visit import Visit
from frontend.answers import Prediction


def offer(asked: Visit, prediction: Prediction) -> None:
    with st.popover("Share", icon=":material/ios_share:"):
        st.download_button(
            "Download as JSON",
            prediction.model_dump_json(indent=2),
            file_name="answer.json",
            mime="application/json",
            on_click="ignore",
            icon=":material/download:",
        )
        st.html(markup.fine("Or copy it as text, by the sign in the corner:"))
        st.code(wording.as_text(prediction, asked.picture.name), language=None, wrap_lines=True)
