"""Why: what on the picture spoke for a label, laid over it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from frontend import failure
from frontend.answering import calls, heat, markup
from frontend.answering.visit import Visit
from frontend.answering.waiting import waiting
from frontend.answering.wording import NOTHING_SPEAKS
from frontend.answers import Prediction
from frontend.client import Api, ApiError
from frontend.markup import plain


def show(api: Api, asked: Visit, prediction: Prediction, picture: DeltaGenerator) -> None:
    """Offers to say why, where that can be said; `picture` is the place that the picture stands in."""
    # Why something is no animal, no place on it tells.
    if asked.preview is None or prediction.label is None or not _possible(api):
        return
    if not st.toggle("Show why", key=asked.key("why")):
        return
    guesses = [entry.label for entry in markup.worth_telling(prediction.top_k)]
    label = st.pills(
        "For the guess",
        guesses,
        default=guesses[0],
        required=True,
        format_func=plain,
        key=asked.key("why-label"),
    )
    try:
        with waiting("Asking what it saw …"):
            explanation = asked.explain(api, label)
    except ApiError as error:
        failure.say(error)
        return
    if not any(map(any, explanation.heat)):
        st.html(markup.fine(NOTHING_SPEAKS.format(label=label)))
        return
    told = f"Your picture, {asked.picture.name}, with what spoke for {label} in bright colours"
    picture.image(heat.overlay(asked.preview, explanation), alt=told, width="stretch")
    st.html(markup.legend(label))


def _possible(api: Api) -> bool:
    try:
        return calls.catalogue(api).explains
    except ApiError:
        return False  # the answer stands without
