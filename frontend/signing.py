"""Who sits before the page: by a key of theirs where the API wants keys, by a name where it does not."""

from dataclasses import dataclass
from html import escape
from typing import Literal, cast

import streamlit as st

from frontend import failure, markup
from frontend.answers import Answer
from frontend.client import Api, ApiError
from frontend.remembering import remember, remembered
from frontend.settings import KEY as SENDABLE
from frontend.wording import Notice, Todo

Scope = Literal["review", "admin"]
KEPT_KEY = "signing-key"
KEPT_NAME = "signing-name"
TROUBLE = "signing-trouble"
LONGEST_NAME = 100
# The API's own words for a key that opens nothing (any more).
NO_KEY = ("missing_key", "invalid_key")

# The field may come a moment later than this; nobody is taken away from where they went meanwhile.
FOCUS = """
(function look(left) {
  const field = document.querySelector(".st-key-signing input");
  if (field && document.activeElement === document.body) field.focus();
  else if (!field && left) setTimeout(look, 50, left - 1);
})(40);
"""

ALLOWS: dict[Scope, str] = {
    "review": "decide on pictures",
    "admin": "change which model answers",
}
NEEDS_KEY: dict[Scope, Notice] = {
    scope: Notice(
        f"You need a key to {deed}",
        "This page keeps it until you close or reload it, and shows it to nobody.",
        todo=Todo("make you one", (f"menagerie keys add NAME --scope {scope}",)),
    )
    for scope, deed in ALLOWS.items()
}


class Me(Answer):
    """What a key may do; `auth` is false where everybody may do everything."""

    auth: bool
    name: str | None
    scopes: tuple[str, ...]

    def may(self, scope: Scope) -> bool:
        return not self.auth or scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True)
class Visitor:
    """`api` asks with what the visitor may do and see. `by`: what they call themselves, None where a key
    tells."""

    api: Api
    by: str | None = None


def signed_in(api: Api, scope: Scope) -> Visitor | None:
    """The visitor, once it is known that they may; until then asks them, and gives None.

    Whatever the API refuses meanwhile is shown here.
    """
    try:
        own = _me(api)
        if own is not None and not own.auth:
            return _named(api)
        if own is not None and own.may(scope):
            return Visitor(api)
        return _with_key(api, scope)
    except ApiError as error:
        failure.show(error)
        return None


def focus_on_signing() -> None:
    """Puts the cursor where a name or key is to be typed, once, on a page that goes no further without it."""
    with st.container(key="unseen-signing"):
        st.html(f"<script>{FOCUS}</script>", unsafe_allow_javascript=True)


def _me(api: Api) -> Me | None:
    """None where the API accepts no such key, or wants one where there is none."""
    try:
        return api.json(Me, "GET", "/me")
    except ApiError as error:
        if error.code in NO_KEY:
            return None
        raise


def _named(api: Api) -> Visitor | None:
    told = remembered()[:LONGEST_NAME]
    name = cast(str, st.session_state.setdefault(KEPT_NAME, told))
    if name != told:
        remember(name)
    if not name:
        _ask_name()
        return None
    _who(f"Deciding as {name}", "Change name", KEPT_NAME)
    return Visitor(api, name)


def _ask_name() -> None:
    with st.container(key="signing"), st.form("who", border=False):
        told = Notice(
            "Who is deciding?",
            "Your name is written down with each decision, so that others can ask you about it.",
        )
        st.html(_panel(told))
        name = st.text_input("Your name", max_chars=LONGEST_NAME, autocomplete="name").strip()
        if st.form_submit_button("Go on", type="primary"):
            if name:
                st.session_state[KEPT_NAME] = name
                st.rerun()
            st.error("Type a name first.")


def _with_key(api: Api, scope: Scope) -> Visitor | None:
    theirs = cast(Api | None, st.session_state.get(KEPT_KEY))
    if theirs is not None:
        me = _me(theirs)
        if me is not None and me.may(scope):
            _who(f"Signed in as {me.name}", "Sign out", KEPT_KEY)
            return Visitor(theirs)
        st.session_state[TROUBLE] = _short_of(me, scope)
    _ask_key(api, scope)
    return None


def _ask_key(api: Api, scope: Scope) -> None:
    # Cleared as it is sent: the key is then in no widget, only where it is kept.
    with st.container(key="signing"), st.form("key", border=False, clear_on_submit=True):
        st.html(_panel(NEEDS_KEY[scope]))
        key = st.text_input("Your key", type="password", autocomplete="off").strip()
        if st.form_submit_button("Sign in", type="primary"):
            st.session_state[TROUBLE] = _try_key(api, key, scope)
            if st.session_state[TROUBLE] is None:
                st.rerun()
        if trouble := st.session_state.pop(TROUBLE, None):
            st.error(trouble)


def _try_key(api: Api, key: str, scope: Scope) -> str | None:
    """Keeps the key for this visit where it allows `scope`; if not, says why."""
    if not key or not SENDABLE.fullmatch(key):
        return "That is no key: a key holds no spaces, and nothing but letters, digits and signs."
    theirs = Api(api.url, key)
    me = _me(theirs)
    if me is None or not me.may(scope):
        theirs.close()
        return _short_of(me, scope)
    _forget(KEPT_KEY)
    st.session_state[KEPT_KEY] = theirs
    return None


def _short_of(me: Me | None, scope: Scope) -> str:
    if me is None:
        return "The service does not accept this key. It may have been revoked, or cut short on the way."
    return f"This key does not allow you to {ALLOWS[scope]}: it lacks the scope {scope}."


def _who(said: str, leave: str, kept: str) -> None:
    with st.container(key="who-bar", horizontal=True, horizontal_alignment="right"):
        st.html(f'<p class="mng-fine">{escape(said)}</p>')
        st.button(leave, type="tertiary", on_click=_forget, args=(kept,))


def _forget(kept: str) -> None:
    held = st.session_state.pop(kept, None)
    if isinstance(held, Api):
        held.close()
    if kept == KEPT_NAME:
        st.session_state[kept] = ""  # not even if the browser told it


def _panel(said: Notice) -> str:
    return f'<div class="mng-notice">{markup.advice(said)}</div>'
