"""Where a visitor's eyes, and a screen reader's, are led once something new stands on the page."""

import json
from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).with_suffix(".js")


def lead(occasion: str, *, to: str | None = None) -> None:
    """Once for each `occasion`, scrolls to the page's top, and gives the keyboard's focus to the first
    element that the selector `to` finds. To be called after that was drawn."""
    call = f"menagerieLead({json.dumps(occasion)}, {json.dumps(to)})"
    with st.container(key="unseen-attention"):
        st.html(
            f"<script>{SCRIPT.read_text(encoding='utf-8')}\n{call}</script>", unsafe_allow_javascript=True
        )
