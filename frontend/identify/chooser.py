"""Where a picture comes from: a file, the camera, or the library."""

from typing import Literal

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from frontend import handing_over, uploads
from frontend import markup as shared
from frontend.answering import markup, visit
from frontend.answering.waiting import waiting
from frontend.answers import LibraryImage
from frontend.client import Api
from frontend.going import go
from frontend.identify import samples
from frontend.picture import Picture
from frontend.thumbnails import thumbnails
from frontend.wording import EMPTY_LIBRARY

Source = Literal["File", "Camera", "Library"]
ICONS: dict[Source, str] = {
    "File": ":material/image:",
    "Camera": ":material/photo_camera:",
    "Library": ":material/photo_library:",
}
CAMERA_LINES: Literal["720p"] = "720p"  # twice what models look at, also of a part; more takes longer to send


def choose(api: Api) -> Picture | None:
    """The picture chosen in this run, if one was. Of several leaves for the page that answers many.

    Raises:
        ApiError: as `Api`.
    """
    with st.container(key="chooser"):
        source = st.segmented_control(
            "Where the picture comes from",
            list(ICONS),
            default="File",
            required=True,
            format_func=lambda name: f"{ICONS[name]} {name}",
            key="source",
            persist_state="session",
            label_visibility="collapsed",
        )
        # One at a time: tabs would draw all three, and start the camera before anyone asked.
        if source == "File":
            return _from_files()
        if source == "Camera":
            return _from_camera()
        return _from_library(api)


def choose_next() -> Picture | None:
    """The picture that was pasted, or dropped anywhere on the page, while the answer to another one stands;
    as `choose`."""
    with st.container(key="next"):  # unseen: arriving.js passes on to it what comes
        return _uploaded("The next picture")


def _from_camera() -> Picture | None:
    # By itself, Streamlit would ask the camera for as few pixels as the widget is wide.
    shot = st.camera_input(
        "Take a picture of an animal", key=f"camera-{visit.number()}", resolution=CAMERA_LINES
    )
    return None if shot is None else _received(shot)


def _from_files() -> Picture | None:
    picture = _uploaded("Drop a picture here")
    st.html(markup.files_taken(uploads.MOST_PICTURE_MB))
    return picture


def _uploaded(title: str) -> Picture | None:
    # Any file is taken: the API says kindly what is wrong with one, the widget only turns red.
    # Another visit's is another widget: the browser would still list what was sent before.
    # As large as a zip may be, which goes on to the page for many; the visit tells of too large a picture.
    chosen = st.file_uploader(
        title,
        accept_multiple_files=True,
        max_upload_size=uploads.MOST_ZIP_MB,
        key=f"upload-{visit.number()}",
    )
    pictures = [_received(upload) for upload in chosen]
    if len(pictures) > 1 or any(_is_zip(picture) for picture in pictures):
        handing_over.hand_over([(picture.name, picture.data) for picture in pictures])
        go("batch")
    return pictures[0] if pictures else None


def _is_zip(picture: Picture) -> bool:
    # By both: documents of many programs are zips by another name, and hold no pictures to ask about.
    return picture.name.lower().endswith(".zip") and picture.data.startswith(uploads.ZIP_STARTS)


def _received(upload: UploadedFile) -> Picture:
    return Picture(upload.name, uploads.take(upload))


def _from_library(api: Api) -> Picture | None:
    with waiting("Opening the library …", squares=samples.SAMPLES):
        images = samples.samples(api)
        small = thumbnails(api, images)
    if not images:
        st.html(shared.notice(EMPTY_LIBRARY))
        return None
    with st.container(key="samples"):
        clicked = [image for image, data in zip(images, small, strict=True) if _tile(image, data)]
    return api.picture(clicked[0]) if clicked else None


def _tile(image: LibraryImage, thumbnail: bytes | None) -> bool:
    """A thumbnail under a button that the style sheet spreads over all of it."""
    name = image.label or image.file_name
    with st.container(key=f"sample-{image.id}"):
        # The button says the name already: a screen reader need not hear it twice.
        st.html(shared.thumbnail(thumbnail, alt=""))
        return st.button(shared.plain(name), key=f"use-{image.id}")
