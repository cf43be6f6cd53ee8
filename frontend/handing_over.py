"""Pictures that one page leaves for another."""

from collections.abc import Sequence
from typing import cast

import streamlit as st

KEY = "handed_over"


def hand_over(files: Sequence[tuple[str, bytes]]) -> None:
    """Leaves files, each a name and its bytes, for the next page that takes them."""
    st.session_state[KEY] = list(files)


def take() -> list[tuple[str, bytes]]:
    """What was left, once; nothing where nothing was."""
    return cast(list[tuple[str, bytes]], st.session_state.pop(KEY, []))
