"""Whether an answer was right, as the visitor says."""

from collections.abc import Callable

import streamlit as st

from frontend import attention, failure
from frontend import markup as shared
from frontend.answering import calls, markup, wording
from frontend.answering.calls import Word
from frontend.answering.visit import Visit
from frontend.answers import Prediction
from frontend.client import Api, ApiError

LONGEST_NOTE = 500
THANKS = ".mng-thanks"

Noted = Callable[[Word], None]


def ask(
    api: Api,
    asked: Visit,
    prediction: Prediction,
    noted: Noted | None = None,
    *,
    who_sees: str,
) -> None:
    """Asks once; afterwards there are thanks in the same place. `noted`: told what the API has
    taken. `who_sees`: what becomes of the picture, in words."""
    with st.container(key="report"):
        if asked.reported is not None:
            st.html(markup.thanks(asked.reported))
            if asked.thanked:  # the button that had the keyboard's focus is gone
                attention.lead(f"thanks-{asked.number}", to=THANKS, seen=THANKS)
            return
        question, yes, no = wording.QUESTION[prediction.verdict]
        st.html(f'<p class="mng-question">{question}</p>')
        kept = st.session_state.get(asked.key("keep"), False)
        with st.container(horizontal=True, key="right-or-wrong"):
            right = st.button(yes, icon=":material/check:", key=asked.key("right"))
            wrong = st.button(no, icon=":material/close:", key=asked.key("wrong"))
        if right:
            _send(api, asked, Word(prediction.prediction_id, correct=True), noted, kept=kept)
        if wrong:
            asked.doubted = True
        word = _correction(api, asked, prediction) if asked.doubted else None
        _permission(api, asked, who_sees)
        if asked.doubted and st.button("Send", type="primary", key=asked.key("send")):
            _send(api, asked, word or Word(prediction.prediction_id, correct=False), noted, kept=kept)


def _correction(api: Api, asked: Visit, prediction: Prediction) -> Word:
    """What a visitor says who says that it is wrong."""
    label = st.selectbox(
        "What is it, then?",
        _names(api, prediction),
        index=None,
        placeholder="Leave empty if you do not know",
        accept_new_options=True,
        key=asked.key("label"),
    )
    note = st.text_input("A note (optional)", max_chars=LONGEST_NOTE, key=asked.key("note"))
    return Word(prediction.prediction_id, correct=False, label=label, comment=note.strip() or None)


def _names(api: Api, prediction: Prediction) -> list[str]:
    """The other guesses first, then all other labels."""
    try:
        known = [entry.label for entry in calls.labels(api)]
    except ApiError:
        known = []  # any name can be typed
    guesses = [entry.label for entry in prediction.top_k]
    return [name for name in dict.fromkeys(guesses + known) if name != prediction.label]


def _permission(api: Api, asked: Visit, who_sees: str) -> None:
    """Whether the picture may be kept; the library's own lie there already."""
    if asked.picture.image_id is None and _keeps(api):
        st.checkbox(
            "The library may keep this picture to learn from it",
            key=asked.key("keep"),
        )
        st.html(markup.fine(who_sees))


def _keeps(api: Api) -> bool:
    try:
        return calls.catalogue(api).keeps
    except ApiError:
        return True  # where it does not, the thanks say so


def _send(api: Api, asked: Visit, word: Word, noted: Noted | None, *, kept: bool) -> None:
    try:
        report = calls.report(api, word, asked.picture if kept else None)
    except ApiError as error:
        if error.code in wording.NOT_TAKEN:
            st.html(shared.notice(wording.NOT_TAKEN[error.code], error.detail))
        else:
            failure.say(error)
        return
    if noted is not None:
        noted(word)
    asked.reported = wording.thanks(correct=word.correct, sent=kept, not_kept=report.not_kept)
    asked.thanked = True
    st.rerun()
