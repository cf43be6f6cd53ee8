"""Pictures sought by words, or by a picture that a visitor brings along."""

from dataclasses import dataclass
from html import escape
from typing import cast

import streamlit as st

from frontend import failure, markup, uploads
from frontend.answers import Similar
from frontend.client import Api, ApiError
from frontend.library import address, calls, grid, links, wording
from frontend.library.address import UPLOAD, Address
from frontend.picture import Picture, preview
from frontend.thumbnails import thumbnails

BROUGHT = "library-brought"
SMALL_SIDE = 240
ROUND = "library-round"  # a new uploader for each picture: the one before would keep its file


@dataclass(frozen=True)
class Brought:
    """A picture that a visitor brought along; `small`: a JPEG of it, None where it cannot be shown."""

    picture: Picture
    small: bytes | None


def ask(api: Api, at: Address) -> None:
    """Where to say what is sought."""
    with st.container(key="library-search", horizontal=True, vertical_alignment="bottom"):
        if _reads_texts(api):
            # Another key for another text: going back puts the text into the box that was sought by then.
            key = f"library-text-{at.text}"
            st.text_input(
                "Search by words",
                value=at.text or "",
                placeholder="a cat asleep on a sofa",
                icon=":material/search:",
                key=key,
                max_chars=200,
                on_change=_seek_text,
                args=(at, key),
            )
        # Another key is another one, which is closed: it would lie over what was found.
        number = st.session_state.get(ROUND, 0)
        with st.popover("Search by picture", icon=":material/image_search:", key=f"library-by-{number}"):
            key = f"library-upload-{number}"
            st.file_uploader(
                "Drop or choose a picture",
                max_upload_size=uploads.MOST_PICTURE_MB,
                key=key,
                on_change=_seek_picture,
                args=(at, key),
            )


def show(api: Api, at: Address) -> None:
    """The pictures that are most like what is sought."""
    brought = cast(Brought | None, st.session_state.get(BROUGHT))
    if at.like and brought is None:
        st.html(markup.notice(wording.UPLOAD_GONE))
        return
    try:
        with st.spinner("Searching the library …"):
            if at.like and brought:
                found = calls.like_picture(api, at, brought.picture)
            else:
                found = calls.like_text(api, at)
            small = thumbnails(api, [item.image for item in found.items])
    except ApiError as error:
        failure.show(error, wording.notice_of(error))
        return
    if not found.items:
        st.html(markup.notice(wording.NOTHING_FOUND))
        return
    if at.like:
        html = grid.found(found.items, small, at)
    else:  # how alike a text and a picture are is no likeness between pictures: it would be put too low
        html = grid.pictures([item.image for item in found.items], small, at)
    links.show(_heading(found, brought if at.like else None) + html, "library-grid", asks_width=True)


def _heading(found: Similar, brought: Brought | None) -> str:
    """What was found, and beside it what it is to be held against."""
    said = f"The {len(found.items)} most alike of {wording.count(found.available)}"
    told = f'<p class="mng-count" role="status">{said}</p>'
    if brought is None:
        return told
    name = brought.picture.name
    shown = markup.thumbnail(brought.small, f"Your picture, {name}")
    return f'<div class="mng-brought"><div>{shown}</div><div><p>{escape(name)}</p>{told}</div></div>'


def _reads_texts(api: Api) -> bool:
    try:
        return calls.reads_texts(api)
    except ApiError:
        return False  # whatever else is asked will tell what is wrong


def _seek_text(at: Address, key: str) -> None:
    text = str(st.session_state[key]).strip()
    address.go_to(at.at(text=text or None, like=None, finding=None, excluded=False).link)


def _seek_picture(at: Address, key: str) -> None:
    upload = st.session_state[key]
    if upload is not None:
        picture = Picture(upload.name, uploads.take(upload))
        st.session_state[BROUGHT] = Brought(picture, preview(picture.data, SMALL_SIDE))
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
        address.go_to(at.at(like=UPLOAD, text=None, finding=None, excluded=False).link)
