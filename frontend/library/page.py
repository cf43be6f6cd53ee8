"""Library: all pictures that there are to compare with and to learn from."""

import streamlit as st

from frontend import failure, markup
from frontend.client import Api, ApiError
from frontend.library import address, calls, closeup, facets, grid, links, seeking, wording
from frontend.library.address import Address
from frontend.library.answers import Listing, Overview
from frontend.thumbnails import thumbnails

# As many as fill some screens, in whole rows whatever their length.
PAGE, PHONE_PAGE = 48, 24


def show(api: Api) -> None:
    at = address.here()
    if at.image is not None:
        closeup.show(api, at, at.image)
        return
    st.title("Library", anchor=False)
    st.html(markup.lead(wording.INTRODUCTION))
    try:
        with st.spinner("Opening the library …"):
            overview = _overview(api, at)
    except ApiError as error:
        failure.show(error)
        return
    if not overview.total + overview.excluded:
        st.html(markup.notice(wording.EMPTY))
        return
    _browse(api, at, overview)


def _overview(api: Api, at: Address) -> Overview:
    try:
        return calls.overview(api, at)
    except ApiError as error:
        if error.code != "invalid_request":
            raise
        return calls.overview(api)  # what the address asks for cannot be counted; the list tells why


def _browse(api: Api, at: Address, overview: Overview) -> None:
    with st.container(key="library"):
        panel, pictures = st.columns([1, 3], gap="large")
    with panel:
        links.show(facets.panel(overview, at, unfolded=links.is_wide()), "library-facets")
    with pictures:
        seeking.ask(api, at)
        if chips := facets.chosen(at):
            links.show(chips, "library-chips")
        if at.seeks:
            seeking.show(api, at)
        else:
            _list(api, at)


def _list(api: Api, at: Address) -> None:
    # What is there shows at once, and where the pictures will be; small pictures may take a while.
    place = st.empty()
    try:
        listing = calls.listing(api, at, PAGE if links.is_wide() else PHONE_PAGE)
        with place.container():
            st.html(grid.heading(listing) + grid.waiting(len(listing.items)))
        small = thumbnails(api, listing.items)
    except ApiError as error:
        place.empty()
        failure.show(error, wording.notice_of(error))
        return
    with place.container():
        if listing.items:
            html = grid.heading(listing) + grid.page(listing, small, at)
            links.show(html, "library-grid", asks_width=True)
        else:
            _nothing(listing, at)


def _nothing(listing: Listing, at: Address) -> None:
    st.html(markup.notice(wording.NOTHING_LEFT if listing.total else wording.NOTHING_PASSES))
    back = at.at() if listing.total else Address()
    name = "To the first ones" if listing.total else "Show all pictures"
    st.button(name, type="primary", on_click=address.go_to, args=(back.link,))
