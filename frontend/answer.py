"""The page once a picture is chosen: the picture, what it shows, and pictures like it."""

import streamlit as st

from frontend import failure, gallery, markup, visit
from frontend.answers import Prediction
from frontend.client import Api, ApiError
from frontend.visit import Visit


def show(api: Api, asked: Visit) -> None:
    with st.container(key="result"):
        left, right = st.columns([11, 10], gap="large")
    with left:
        _picture(asked)
    with right:
        prediction = _prediction(api, asked)
    if prediction and asked.gallery_label:
        gallery.show(api, asked, prediction)


def _picture(asked: Visit) -> None:
    with st.container(key="picture"):
        if asked.preview:
            st.image(asked.preview, alt=f"Your picture, {asked.picture.name}", width="stretch")
        else:
            st.html(markup.no_preview(asked.picture.name))


def _prediction(api: Api, asked: Visit) -> Prediction | None:
    try:
        with st.spinner("Looking at the picture …"):
            prediction = asked.predict(api)
    except ApiError as error:
        failure.show(error)
        st.button("Another picture", on_click=visit.end)
        return None
    st.html(markup.answer(prediction, comparable=asked.comparable))
    _guesses(prediction)
    _actions(asked, prediction)
    st.html(markup.byline(prediction.model))
    return prediction


def _guesses(prediction: Prediction) -> None:
    if prediction.verdict == "not_an_animal":
        with st.expander("What it resembles most, all the same"):
            st.html(markup.bars(prediction.top_k))
    else:
        st.html(markup.bars(prediction.top_k))


def _actions(asked: Visit, prediction: Prediction) -> None:
    with st.container(horizontal=True, key="actions"):
        # Pictures like no animal are of no use to anyone.
        if asked.comparable and prediction.label is not None and asked.gallery_label is None:
            show, label = asked.show_gallery, prediction.label
            st.button("Show similar pictures", type="primary", on_click=show, args=(label,))
        st.button("Another picture", on_click=visit.end)
