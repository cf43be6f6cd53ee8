"""One picture of the queue, large."""

import streamlit as st

from frontend import failure
from frontend.client import Api, ApiError
from frontend.going import go
from frontend.picture import preview
from frontend.review.waiting import Waiting
from frontend.review.wording import why


@st.dialog("A closer look", width="large")
def show(api: Api, one: Waiting) -> None:
    image = one.item.image
    try:
        with st.spinner("Fetching the picture …"):
            large = preview(api.picture(image).data)
    except ApiError as error:
        failure.show(error)
        return
    shown = large or one.picture
    if shown is not None:
        with st.container(key="review-large"):
            st.image(shown, alt=image.file_name, width="stretch")
    st.text("\n".join([f"{image.label or 'No label'} · {image.file_name}", *why(one.item)]))
    if st.button("All about it in the library", icon=":material/photo_library:"):
        go("library", image=one.id)
