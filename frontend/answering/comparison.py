"""The visitor's picture and one of the library, side by side."""

import streamlit as st

from frontend import failure
from frontend import markup as shared
from frontend.answering import calls, markup
from frontend.answering.visit import Visit
from frontend.answers import SimilarImage
from frontend.client import Api, ApiError
from frontend.going import offer


@st.dialog("Side by side", width="large")
def show(api: Api, asked: Visit, item: SimilarImage) -> None:
    """Opens over the page; closed, it leaves everything as it was."""
    with st.container(key="comparison"):
        yours, theirs = st.columns(2)
    try:
        with yours:
            if asked.centre is None:
                _side("Your picture", asked.preview, asked.picture.name)
            else:
                _side("The one it is like", calls.large(api, asked.centre), asked.centre.file_name)
        with theirs:
            _side("From the library", calls.large(api, item.image), item.image.file_name)
            st.html(markup.facts(item, calls.closely(api, item.image.id).source))
    except ApiError as error:
        failure.say(error)
        return
    with st.container(horizontal=True):
        if st.button("More like this one", icon=":material/image_search:"):
            asked.look_around(item.image)
            st.rerun()
        offer("library", "Open in the library", ":material/photo_library:", image=item.image.id)


def _side(title: str, data: bytes | None, name: str) -> None:
    st.html(markup.side(title))
    if data:
        st.image(data, alt=f"{title}, {name}", width="stretch")
    else:
        st.html(shared.no_preview(name))
