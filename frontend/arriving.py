"""Pictures that are pasted, or dropped anywhere on a page."""

from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).with_suffix(".js")


def listen() -> None:
    """Has what arrives go to the uploader that the page shows; once is enough for a whole visit."""
    with st.container(key="unseen"):
        st.html(f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)
