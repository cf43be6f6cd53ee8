"""Where a picture comes from: a file, the camera, or the library."""

import re
from typing import Literal

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from frontend import library, markup
from frontend.answers import LibraryImage
from frontend.client import Api
from frontend.picture import Picture
from frontend.wording import EMPTY_LIBRARY

Source = Literal["Upload", "Camera", "Library"]
ICONS: dict[Source, str] = {
    "Upload": ":material/upload:",
    "Camera": ":material/photo_camera:",
    "Library": ":material/photo_library:",
}


def choose(api: Api) -> Picture | None:
    """The picture chosen in this run, if one was.

    Raises:
        ApiError: as `Api`.
    """
    with st.container(key="chooser"):
        source = st.segmented_control(
            "Where the picture comes from",
            list(ICONS),
            default="Upload",
            required=True,
            format_func=lambda name: f"{ICONS[name]} {name}",
            key="source",
            persist_state="session",
            label_visibility="collapsed",
        )
        # One at a time: tabs would draw all three, and start the camera before anyone asked.
        if source == "Upload":
            # Any file is taken: the API says kindly what is wrong with one, the widget only turns red.
            return _received(st.file_uploader("Drop or choose a picture"))
        if source == "Camera":
            return _received(st.camera_input("Take a picture of an animal"))
        return _from_library(api)


def _received(upload: UploadedFile | None) -> Picture | None:
    return None if upload is None else Picture(upload.name, upload.getvalue())


def _from_library(api: Api) -> Picture | None:
    with st.spinner("Opening the library …"):
        images = library.samples(api)
        thumbnails = library.thumbnails(api, images)
    if not images:
        st.html(markup.notice(EMPTY_LIBRARY))
        return None
    with st.container(key="samples"):
        clicked = [image for image, data in zip(images, thumbnails, strict=True) if _tile(image, data)]
    return api.picture(clicked[0]) if clicked else None


def _tile(image: LibraryImage, thumbnail: bytes | None) -> bool:
    """A thumbnail under a button that the style sheet spreads over all of it."""
    name = image.label or image.file_name
    with st.container(key=f"sample-{image.id}"):
        # The button says the name already: a screen reader need not hear it twice.
        st.html(markup.thumbnail(thumbnail, alt=""))
        return st.button(_plain(name), key=f"use-{image.id}")


def _plain(text: str) -> str:
    """Streamlit reads a button's label as Markdown; a library's label is no Markdown."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~:$])", r"\\\1", text)
