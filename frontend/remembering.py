"""The name under which somebody decides, which their browser remembers: it is asked for once, not at each
reload."""

from urllib.parse import quote, unquote

import streamlit as st

COOKIE = "menagerie_name"
SECONDS = 180 * 24 * 3600


def remembered() -> str:
    """The name that the browser told when it opened the page; empty where it knows none."""
    return unquote(st.context.cookies.to_dict().get(COOKIE, "")).strip()


def remember(name: str) -> None:
    """Has the browser remember `name`, once the run ends; an empty one has it forget."""
    # What is quoted holds nothing that could end the text, or the cookie.
    kept = f"{COOKIE}={quote(name, safe='')}; max-age={SECONDS if name else 0}; path=/; samesite=strict"
    with st.container(key="unseen-cookie"):
        st.html(f"<script>document.cookie = '{kept}'</script>", unsafe_allow_javascript=True)
