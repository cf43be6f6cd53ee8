"""Pictures of the library that carry a label and look most like the visitor's."""

import streamlit as st

from frontend import failure, library, markup
from frontend.answers import Prediction, Similar
from frontend.client import Api, ApiError
from frontend.visit import Visit
from frontend.wording import no_pictures_of

# On a phone they lie below what can be seen. The script runs when they appear, and not again.
COME_INTO_VIEW = """<script>
  document.querySelector(".st-key-similar").scrollIntoView({behavior: "smooth", block: "start"})
</script>"""


def show(api: Api, asked: Visit, prediction: Prediction) -> None:
    with st.container(key="similar"):
        st.html(COME_INTO_VIEW, unsafe_allow_javascript=True)
        st.html('<div class="mng-section"><h2>Similar pictures</h2></div>')
        label = st.pills(
            "Pictures of",
            [entry.label for entry in prediction.top_k],
            default=asked.gallery_label or prediction.top_k[0].label,
            required=True,
        )
        try:
            with st.spinner("Searching the library …"):
                found = asked.find_similar(api, label)
                thumbnails = library.thumbnails(api, [item.image for item in found.items])
        except ApiError as error:
            failure.show(error)
        else:
            _pictures(found, thumbnails)


def _pictures(found: Similar, thumbnails: list[bytes | None]) -> None:
    if not found.items:
        st.html(markup.notice(no_pictures_of(found.label)))
        return
    st.html(markup.gallery(list(zip(found.items, thumbnails, strict=True))))
    st.html(markup.gallery_note(len(found.items), found.available, found.label))
