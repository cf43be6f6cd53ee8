"""Where a visitor's eyes, and a screen reader's, are led once something new stands on the page."""

import json
from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).with_suffix(".js")


def lead(occasion: str, *, to: str | None = None, seen: str | None = None) -> None:
    """Once for each `occasion`, gives the keyboard's focus to the first element that the selector `to` finds,
    and scrolls: as far as it takes to see what `seen` finds, where that is given, else to the page's top. To
    be called after that was drawn."""
    call = f"menagerieLead({', '.join(map(json.dumps, (occasion, to, seen)))})"
    with st.container(key=f"unseen-{occasion}"):
        st.html(
            f"<script>{SCRIPT.read_text(encoding='utf-8')}\n{call}</script>", unsafe_allow_javascript=True
        )
