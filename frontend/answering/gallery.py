"""Pictures of the library that carry a label and look most like the visitor's."""

import streamlit as st

from frontend import failure
from frontend import markup as shared
from frontend.answering import calls, comparison, markup
from frontend.answering.calls import ANY, Wanted
from frontend.answering.visit import Visit
from frontend.answering.waiting import waiting
from frontend.answering.wording import SEARCHING, pictures_of
from frontend.answers import LibraryImage, Prediction, Similar
from frontend.client import Api, ApiError
from frontend.thumbnails import thumbnails
from frontend.wording import no_pictures_of


def show(api: Api, asked: Visit, prediction: Prediction) -> None:
    with st.container(key="similar"):
        _head(api, asked)
        wanted = _wanted(api, asked, prediction)
        try:
            with waiting(SEARCHING, squares=calls.SIMILAR):
                found = asked.find_similar(api, wanted)
                small = thumbnails(api, [item.image for item in found.items])
        except ApiError as error:
            failure.show(error)
        else:
            _pictures(api, asked, found, small)


def _head(api: Api, asked: Visit) -> None:
    centre = asked.centre
    if centre is None:
        st.html(markup.section("Similar pictures"))
        return
    st.html(markup.section_like(centre, _small(api, centre)))
    st.button("Back to what is like your picture", on_click=asked.look_around, args=(None,))


def _small(api: Api, image: LibraryImage) -> bytes | None:
    try:
        return thumbnails(api, [image])[0]
    except ApiError:
        return None  # what is like it will tell


def _wanted(api: Api, asked: Visit, prediction: Prediction) -> Wanted:
    """Which pictures the visitor wants to see: of a guess, of any animal, or of another one."""
    guesses = [entry.label for entry in markup.worth_telling(prediction.top_k)]
    pick, other = asked.key("pictures-of"), asked.key("pictures-of-other")
    with st.container(horizontal=True, key="wanted", vertical_alignment="bottom"):
        others = [name for name in _held(api) if name not in guesses]
        picked = st.pills(
            "Pictures of",
            [*guesses, ANY],
            default=guesses[0],
            format_func=lambda label: shared.plain(pictures_of(label)),
            on_change=_one_of_both,
            args=(pick, other, pick, guesses[0]),
            key=pick,
        )
        if others:
            chosen = st.selectbox(
                "Another animal",
                others,
                index=None,
                placeholder="Another animal",
                on_change=_one_of_both,
                args=(other, pick, pick, guesses[0]),
                label_visibility="collapsed",
                width=200,
                key=other,
            )
        else:
            chosen = None
        varied = st.toggle("More varied", key=asked.key("varied"))
    return Wanted(chosen or picked or guesses[0], varied)


def _one_of_both(changed: str, other: str, pick: str, first: str) -> None:
    """A choice in one widget takes the place of that in the other; where none is left, `first` in `pick`."""
    st.session_state[other] = None
    if st.session_state[changed] is None:
        st.session_state[pick] = first


def _held(api: Api) -> list[str]:
    """The labels that the library has pictures of."""
    try:
        return [entry.label for entry in calls.labels(api) if entry.pictures]
    except ApiError:
        return []


def _pictures(api: Api, asked: Visit, found: Similar, small: list[bytes | None]) -> None:
    if not found.items:
        st.html(shared.notice(no_pictures_of(pictures_of(found.label))))
        return
    named = found.label == ANY
    with st.container(key="tiles"):
        for item, data in zip(found.items, small, strict=True):
            with st.container(key=f"similar-{item.image.id}"):
                st.html(markup.tile(item, data, named=named))
                name = f"Compare with {item.image.label or 'unlabelled'}, {item.image.file_name}"
                if st.button(shared.plain(name), key=f"compare-{item.image.id}"):
                    comparison.show(api, asked, item)
    of = "all labels" if named else found.label
    st.html(shared.gallery_note(len(found.items), found.available, of))
