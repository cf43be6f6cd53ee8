"""What stands on the page while the API is at work."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from frontend.answering import markup


@contextmanager
def waiting(said: str, squares: int = 0) -> Iterator[None]:
    """Says `said` until the block ends, over as many empty `squares`."""
    place = st.empty()
    place.html(markup.waiting(said, squares))
    try:
        yield
    finally:
        place.empty()
