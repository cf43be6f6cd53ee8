"""Making another model the champion, or the one before: asked once more, by somebody who may."""

from collections.abc import Callable
from html import escape

import streamlit as st

from frontend import attention
from frontend.client import Api, ApiError
from frontend.markup import plain
from frontend.models import calls, markup, wording
from frontend.models.answers import Champion, Model
from frontend.models.wording import ARGUABLE, TROUBLE
from frontend.signing import Visitor, signed_in
from frontend.wording import notice_for

ASKED = "models-asked"
DONE = "models-done"
REFUSED = "models-refused"
LEFT = "models-left"
TURN = "models-turn"  # how often that changed which stands here: what is new is to be seen
BEGIN, PANEL = '[class*="st-key-begin"]', ".st-key-changing"


def promotion(api: Api, model: Model, champion: str | None) -> None:
    """The way to make `model` the champion in the place of `champion`."""
    after = f"{champion} stays, and can be brought back here at any time." if champion else ""
    _step(
        api,
        f"promote {model.version}",
        "Make it the champion",
        f"{model.version} will answer every question from then on, within seconds. {after}",
        lambda visitor, force: calls.promote(visitor.api, model.version, force=force, by=visitor.by),
    )


def rollback(api: Api, task: str, champion: str, before: str) -> None:
    """The way back to the champion `before` the present one."""
    _step(
        api,
        f"rollback {champion}",
        f"Go back to {before}",
        f"{before} will answer again instead of {champion}, within seconds. {champion} stays, and can be "
        "made the champion again.",
        lambda visitor, _: calls.roll_back(visitor.api, task, by=visitor.by),
    )


def outcome() -> None:
    """Says once what was done last."""
    done: Champion | None = st.session_state.pop(DONE, None)
    if done is not None:
        said = wording.changed(done.version, done.unembedded)
        with st.container(key="models-changed"):
            st.success(plain(said), icon=":material/check_circle:")
            if done.unembedded:
                st.html(markup.todo(wording.indexing(done.version)))
        attention.lead(f"changed-{_turn()}", to=".st-key-models-changed")


def _step(api: Api, what: str, name: str, meaning: str, change: Callable[[Visitor, bool], Champion]) -> None:
    if st.session_state.get(ASKED) != what:
        st.button(plain(name), key=f"begin {what}", on_click=_ask, args=(what,))
        if st.session_state.pop(LEFT, False):
            attention.lead(f"left-{_turn()}", to=f"{BEGIN} button", seen=BEGIN)
        return
    with st.container(key="changing", border=True):
        st.html(f'<div class="mng-ask"><h3>{escape(name)}?</h3><p>{escape(meaning)}</p></div>')
        visitor = signed_in(api, "admin")
        refused: ApiError | None = st.session_state.get(REFUSED)
        if refused is not None:
            st.html(markup.refusal(TROUBLE.get(refused.code, notice_for(refused).title), refused.detail))
        with st.container(horizontal=True):
            if visitor is not None:
                _go(name, visitor, refused, change)
            st.button("Leave it as it is", on_click=_leave)
    known = "unknown" if visitor is None else "known"
    attention.lead(f"changing-{_turn()}-{known}", to=f"{PANEL} h3", seen=PANEL)


def _go(
    name: str, visitor: Visitor, refused: ApiError | None, change: Callable[[Visitor, bool], Champion]
) -> None:
    arguable = refused is not None and refused.code in ARGUABLE
    sure = f"{name} all the same" if arguable else f"Yes: {name[0].lower()}{name[1:]}"
    if not st.button(plain(sure), type="primary"):
        return
    try:
        with st.spinner("Checking the model, then changing …"):
            champion = change(visitor, arguable)
    except ApiError as error:
        st.session_state[REFUSED] = error
        st.session_state[TURN] = _turn() + 1
    else:
        _ask(None)
        st.session_state[DONE] = champion
    st.rerun()


def _ask(what: str | None) -> None:
    st.session_state[ASKED] = what
    st.session_state[TURN] = _turn() + 1
    st.session_state.pop(REFUSED, None)


def _leave() -> None:
    _ask(None)
    st.session_state[LEFT] = True


def _turn() -> int:
    return int(st.session_state.get(TURN, 0))
