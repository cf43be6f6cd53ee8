"""Deciding on a picture: what it shows, and whether it is used."""

from dataclasses import dataclass
from typing import cast

import streamlit as st

from frontend import decisions, failure, markup
from frontend.client import Api, ApiError
from frontend.decisions import Decision, Kind
from frontend.library import calls, wording
from frontend.library.answers import Details
from frontend.signing import Visitor, signed_in

DECIDED = "library-decided"
SEEN = "library-seen"


@dataclass(frozen=True)
class Latest:
    """What was decided last in this visit, and what to name to take it back. `meanwhile`: what somebody else
    had decided before that, unseen, and what holds."""

    image_id: int
    ids: tuple[int, ...]
    said: str
    meanwhile: Decision | None


def show(api: Api, image: Details) -> None:
    """The controls, folded up until somebody wants to decide: who that is may have to be asked first."""
    until = _seen_until(image)
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
        _controls(visitor, image, labels, until)
        if latest is not None and decided:
            _told(visitor, latest)


def _seen_until(image: Details) -> int | None:
    """The last decision that was made when the visitor saw what they click on: by now the picture has been
    read anew."""
    seen = cast(tuple[int, int | None], st.session_state.get(SEEN, (image.id, image.decided_until)))
    st.session_state[SEEN] = image.id, image.decided_until
    return seen[1] if seen[0] == image.id else image.decided_until


def _controls(visitor: Visitor, image: Details, labels: list[str], until: int | None) -> None:
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
            _decide(visitor, image, until, "label", label)
        if image.excluded:
            if st.button("Use it again"):
                _decide(visitor, image, until, "include")
        else:
            if st.button("Leave it out"):
                _decide(visitor, image, until, "exclude")
            if image.findings and st.button("Nothing is wrong with it"):
                _decide(visitor, image, until, "include")
    if label and label not in labels:
        st.html(f'<p class="mng-fine">{wording.NEW_LABEL}</p>')


def _decide(
    visitor: Visitor, image: Details, until: int | None, kind: Kind, label: str | None = None
) -> None:
    try:
        decided = decisions.decide(visitor.api, [image.id], kind, label=label, by=visitor.by, until=until)
    except ApiError as error:
        failure.say(error)
        return
    meanwhile = next((one.decision for one in decided.overtaken), None)
    st.session_state[DECIDED] = Latest(image.id, decided.ids, wording.decided(kind, label), meanwhile)
    st.rerun()


def _told(visitor: Visitor, latest: Latest) -> None:
    """What was decided last, and the way back; or that it was not, and why."""
    if latest.meanwhile is not None:
        st.html(markup.notice(wording.overtaken(latest.meanwhile)))
        return
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
