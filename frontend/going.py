"""From one page to another: the pages know one another by their names alone."""

from typing import Any, Literal, cast

import streamlit as st

Name = Literal["identify", "batch", "library", "review", "models"]
KEY = "pages"


def offer(name: Name, said: str, icon: str, **asked: str | int) -> None:
    """A link to another page, with what is asked of it. Unlike `go`, which changes the address in two steps,
    it leaves no place in between for the way back to end at."""
    pages = cast(dict[str, Any], st.session_state[KEY])
    named = {key: str(value) for key, value in asked.items()}
    st.page_link(pages[name], label=said, icon=icon, query_params=named)


def go(name: Name, **asked: str | int) -> None:
    """Leaves for another page, with what is asked of it in its address."""
    pages = cast(dict[str, Any], st.session_state[KEY])
    st.switch_page(pages[name], query_params={key: str(value) for key, value in asked.items()})
