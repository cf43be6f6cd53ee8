"""Deciding on a picture: what it shows, and whether it is used."""

from dataclasses import dataclass
from typing import cast

import streamlit as st

from frontend import decisions, failure, markup
from frontend.client import Api, ApiError
from frontend.decisions import Kind
from frontend.library import calls, wording
from frontend.library.answers import Details
from frontend.signing import Visitor, signed_in

DECIDED = "library-decided"


@dataclass(frozen=True)
class Latest:
    """What was decided last in this visit, and what to name to take it back."""

    image_id: int
    ids: tuple[int, ...]
    said: str


def show(api: Api, image: Details) -> None:
    """The controls, folded up until somebody wants to decide: who that is may have to be asked first."""
    latest = cast(Latest | None, st.session_state.get(DECIDED))
    decided = latest is not None and latest.image_id == image.id
    with st.expander(
        "Is that right? Decide on it", icon=":material/rule:", expanded=decided, key="library-deciding"
    ):
        visitor = signed_in(api, "review")
        if visitor is None:
            return
        try:
            labels = [entry.label for entry in calls.overview(api).labels if entry.label is not None]
        except ApiError as error:
            failure.say(error)
            return
        _controls(visitor, image, labels)
        if latest is not None and decided:
            _take_back(visitor, latest)


def _controls(visitor: Visitor, image: Details, labels: list[str]) -> None:
    better = next((one.better for one in image.findings if one.better), None)
    likely = better or image.label
    label = st.selectbox(
        "It shows",
        sorted({*labels, *([likely] if likely else [])}),
        index=None if likely is None else sorted({*labels, likely}).index(likely),
        placeholder="Choose a label, or type a new one",
        accept_new_options=True,
        key=f"label-{image.id}-{image.label}",
    )
    with st.container(horizontal=True):
        same = label is not None and label == image.label
        if st.button("Keep this label" if same else "Give this label", type="primary", disabled=not label):
            _decide(visitor, image, "label", label)
        if image.excluded:
            if st.button("Use it again"):
                _decide(visitor, image, "include")
        else:
            if st.button("Leave it out"):
                _decide(visitor, image, "exclude")
            if image.findings and st.button("Nothing is wrong with it"):
                _decide(visitor, image, "include")
    if label and label not in labels:
        st.html(f'<p class="mng-fine">{wording.NEW_LABEL}</p>')


def _decide(visitor: Visitor, image: Details, kind: Kind, label: str | None = None) -> None:
    try:
        decided = decisions.decide(visitor.api, [image.id], kind, label=label, by=visitor.by)
    except ApiError as error:
        failure.say(error)
        return
    st.session_state[DECIDED] = Latest(image.id, decided.ids, wording.decided(kind, label))
    st.rerun()


def _take_back(visitor: Visitor, latest: Latest) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(markup.done(latest.said))
        if st.button("Undo", type="tertiary", icon=":material/undo:"):
            try:
                decisions.undo(visitor.api, latest.ids)
            except ApiError as error:
                failure.say(error)
                return
            del st.session_state[DECIDED]
            st.rerun()
