"""HTML of our own whose links lead on within the visit: a link that is clicked changes the address, and
Streamlit runs the page anew. Opened in another tab, a link is an address like any other."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import streamlit as st

from frontend.library import address

WIDE = "library-wide"
# What is shown alters nothing but the HTML: where that is the same, focus and open parts stay as they are.
SCRIPT = """
export default function ({ parentElement, data, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".mng-links")
  if (root.shown !== data.html) {
    root.shown = data.html
    const kept = root.contains(document.activeElement) ? document.activeElement.dataset.keep : undefined
    root.innerHTML = data.html
    if (kept) root.querySelector(`[data-keep="${kept}"]`)?.focus({ preventScroll: true })
  }
  root.onclick = (event) => {
    const link = event.target.closest("a[href]")
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    root.classList.add("mng-going")
    document.querySelector(".stMain")?.scrollTo(0, 0)
    setTriggerValue("went", link.getAttribute("href"))
  }
  root.classList.remove("mng-going")
  const wide = window.innerWidth > 640
  if (data.wide !== null && data.wide !== wide) setStateValue("wide", wide)
}
"""


def show(html: str, key: str, *, asks_width: bool = False) -> None:
    """Shows `html`, in which every text from outside is escaped. `asks_width`: learns whether the window is
    wide, for `is_wide`."""

    def went() -> None:
        if link := st.session_state[key].went:
            address.go_to(link)

    def widened() -> None:
        st.session_state[WIDE] = bool(st.session_state[key].wide)

    data = {"html": html, "wide": is_wide() if asks_width else None}
    _component()(key=key, data=data, on_went_change=went, on_wide_change=widened)


def is_wide() -> bool:
    """Whether the window is wider than a phone; until the browser tells, by what it says of itself."""
    if WIDE in st.session_state:
        return bool(st.session_state[WIDE])
    return "Mobi" not in st.context.headers.get("User-Agent", "")


@cache
def _component() -> Callable[..., Any]:
    """Made where it is first shown: only there is a runtime to make it for."""
    made = st.components.v2.component(
        "menagerie.links", html='<div class="mng-links"></div>', js=SCRIPT, isolate_styles=False
    )
    return cast(Callable[..., Any], made)
