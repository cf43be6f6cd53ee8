"""From one page to another: the pages know one another by their names alone."""

from typing import Any, Literal, cast

import streamlit as st

Name = Literal["identify", "batch", "library", "review", "models"]
KEY = "pages"


def go(name: Name, **asked: str | int) -> None:
    """Leaves for another page, with what is asked of it in its address."""
    pages = cast(dict[str, Any], st.session_state[KEY])
    st.switch_page(pages[name], query_params={key: str(value) for key, value in asked.items()})
