"""The five pages, under their addresses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from frontend.batch import page as batch
from frontend.client import Api
from frontend.going import KEY, Name
from frontend.identify import page as identify
from frontend.library import page as library
from frontend.models import page as models
from frontend.review import page as review


@dataclass(frozen=True)
class _Entry:
    title: str
    icon: str
    show: Callable[[Api], None]


PAGES: dict[Name, _Entry] = {
    "identify": _Entry("Identify", ":material/pets:", identify.show),
    "batch": _Entry("Batch", ":material/stacks:", batch.show),
    "library": _Entry("Library", ":material/photo_library:", library.show),
    "review": _Entry("Review", ":material/rule:", review.show),
    "models": _Entry("Models", ":material/leaderboard:", models.show),
}


def run(api: Api) -> None:
    """Shows the page whose address is asked for; the first where it is none of them."""
    pages = {name: _page(name, entry, api) for name, entry in PAGES.items()}
    st.session_state[KEY] = pages
    current = st.navigation(list(pages.values()), position="top")
    # Tells tabs apart, and is what a screen reader says first.
    st.set_page_config(f"{current.title} · Menagerie")
    _on_phones(list(pages.values()), current)
    current.run()


def _on_phones(pages: Sequence[st.Page], current: st.Page) -> None:
    """The ways between the pages where the window is too narrow for those above: Streamlit puts them behind a
    sign there that tells nobody what it hides."""
    with st.container(key="phone-pages", horizontal=True, gap=None):
        for page in pages:
            here = page.url_path == current.url_path
            with st.container(key=f"phone-page-{'here' if here else page.title}", width="content"):
                st.page_link(page)


def _page(name: Name, entry: _Entry, api: Api) -> st.Page:
    def run() -> None:
        entry.show(api)

    return st.Page(run, title=entry.title, icon=entry.icon, url_path=name, default=name == "identify")
