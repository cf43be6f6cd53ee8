"""The page once a picture is chosen: the picture, what it shows, and pictures like it."""

import streamlit as st

from frontend import attention, failure
from frontend import markup as shared
from frontend.answering import calls, gallery, guesses, markup, reporting, sharing, visit, why
from frontend.answering.brought import pictures
from frontend.answering.visit import Visit
from frontend.answering.waiting import waiting
from frontend.answering.wording import WAITING, who_sees
from frontend.answers import Prediction
from frontend.client import Api, ApiError
from frontend.identify import chooser
from frontend.wording import notice_for


def show(api: Api, asked: Visit) -> None:
    if (following := chooser.choose_next()) is not None:
        visit.begin(following, comparable=asked.comparable)
        st.rerun()
    with st.container(key="result"):
        left, right = st.columns([11, 10], gap="large")
    with left, st.container(key="picture"):
        picture = st.empty()
        under = st.container(key="under")
    _picture(picture, asked)
    with right:
        prediction = _prediction(api, asked)
    if prediction is None:
        return
    with under:
        why.show(api, asked, prediction, picture)
    # Pictures like no animal are of no use to anyone.
    if asked.comparable and prediction.label is not None:
        gallery.show(api, asked, prediction)


def _picture(place: st.delta_generator.DeltaGenerator, asked: Visit) -> None:
    if asked.preview:
        place.image(asked.preview, alt=f"Your picture, {asked.picture.name}", width="stretch")
    else:
        place.html(shared.no_preview(asked.picture.name))


def _prediction(api: Api, asked: Visit) -> Prediction | None:
    try:
        with waiting(WAITING):
            prediction = asked.predict(api)
    except ApiError as error:
        asked.failures += 1
        failure.show(error)
        if asked.failures < visit.MOST_FAILURES:  # what ends the service shall not do so for ever
            failure.look_again(api, error)
        # Where asking again is of no use, it is what there is to do.
        st.button(
            "Another picture",
            type="secondary" if notice_for(error).again else "primary",
            icon=":material/arrow_back:",
            on_click=visit.end,
        )
        return None
    pictures().note(asked.token, prediction, asked.reported)
    measured = _measured(api, prediction)
    st.html(markup.answer(prediction, comparable=asked.comparable, measured=measured))
    attention.lead(f"visit-{asked.number}", to=".mng-answer h1")
    guesses.show(prediction)
    with st.container(horizontal=True, key="actions"):
        st.button("Another picture", type="primary", icon=":material/arrow_back:", on_click=visit.end)
        sharing.offer(asked, prediction)
    st.html(markup.next_one())
    reporting.ask(api, asked, prediction, who_sees=who_sees(pictures().kept_seconds))
    st.html(shared.byline(prediction.model))
    return prediction


def _measured(api: Api, prediction: Prediction) -> bool:
    try:
        return calls.catalogue(api).measured(prediction.model.version)
    except ApiError:
        return False  # the answer stands without what its score means
