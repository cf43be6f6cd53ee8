"""One picture, looked at closely."""

from collections.abc import Iterator
from html import escape

import streamlit as st

from frontend import failure, markup
from frontend.client import Api, ApiError
from frontend.library import calls, deciding, grid, links, wording
from frontend.library.address import Address
from frontend.library.answers import Details, KnownAnswer
from frontend.thumbnails import thumbnails
from frontend.wording import BADGES, percent

ASKED = "library-asked"


def show(api: Api, at: Address, image_id: int) -> None:
    links.show(_ways(api, at, image_id), "library-back")
    try:
        image = calls.details(api, image_id)
    except ApiError as error:
        failure.show(error, wording.GONE if error.code == "not_found" else None)
        return
    with st.container(key="library-closeup"):
        left, right = st.columns([11, 10], gap="large")
    with right:
        st.html(_known(image))
        _answer(api, image)
        deciding.show(api, image)
    with left:
        _large(api, image)
    _others(api, image, at)


def _ways(api: Api, at: Address, image_id: int) -> str:
    """Back to all, and to the pictures before and after this one among those that pass the filters."""
    back = Address(**{**vars(at), "image": None})
    html = f'<a class="mng-back" href="{escape(back.link)}">All pictures</a>'
    if at.seeks:  # those are in another order
        return html
    try:
        before, after, place = calls.beside(api, at, image_id)
    except ApiError:
        return html  # what failed is told of the picture itself
    steps = "".join(
        f'<a class="mng-step" data-keep="{name}" href="{escape(at.opened(leads).link)}">{name}</a>'
        for name, leads in (("Previous", before), ("Next", after))
        if leads is not None
    )
    return f'<nav class="mng-ways" aria-label="Pictures">{html}<span>{place}</span>{steps}</nav>'


def _large(api: Api, image: Details) -> None:
    with st.container(key="library-picture"):
        try:
            with st.spinner("Fetching the picture …"):
                data = calls.large(api, image)
        except ApiError as error:
            failure.show(
                error, wording.GONE_FILE if error.code == "file_missing" else None, key="library-no-picture"
            )
            return
        if data is None:
            st.html(markup.no_preview(image.file_name))
        else:
            st.image(data, alt=f"{image.label or 'Without a label'}, {image.file_name}", width="stretch")


def _known(image: Details) -> str:
    rows = "".join(f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in _facts(image))
    badge = '<span class="mng-badge mng-not_an_animal">Excluded: not used</span>' if image.excluded else ""
    found = "".join(f"<li>{escape(wording.found(one.kind, one.better))}</li>" for one in image.findings)
    notes = f'<div class="mng-found"><p>{wording.CHECKED}:</p><ul>{found}</ul></div>' if found else ""
    title = escape(image.label or "No label yet")
    return f'<div class="mng-closeup">{badge}<h1>{title}</h1>{notes}<dl>{rows}</dl></div>'


def _facts(image: Details) -> Iterator[tuple[str, str]]:
    yield "File", image.file_name
    yield "From", image.source
    if image.split:
        yield "Used for", wording.SPLITS.get(image.split, image.split)
    yield "Size", f"{image.width:,} x {image.height:,} pixels ({wording.shape(image.aspect_ratio)})"
    yield "Kept as", f"{image.format}, {wording.size(image.bytes)}"
    yield "Added", f"{image.ingested_at:%-d %B %Y}"
    if quality := image.quality:
        yield "Sharpness", wording.sharpness(quality.sharpness, _kinds(image))
        yield "Brightness", percent(quality.brightness)
        yield "Contrast", percent(quality.contrast)
        yield "Colour", percent(quality.saturation)


def _answer(api: Api, image: Details) -> None:
    """What the model makes of it: as it was indexed, or asked now."""
    if image.answer is not None:
        st.html(_answered(image, image.answer))
        return
    asked: dict[int, str] = st.session_state.setdefault(ASKED, {})
    if image.id in asked:
        st.html(asked[image.id])
    elif st.button("Ask the model", icon=":material/pets:", key=f"ask-{image.id}"):
        try:
            with st.spinner("Looking at the picture …"):
                said = api.predict(api.picture(image))
        except ApiError as error:
            failure.say(error)
        else:
            asked.clear()  # of the last one alone
            asked[image.id] = _says(said.verdict, said.sentence)
            st.rerun()


def _answered(image: Details, answer: KnownAnswer) -> str:
    sentence = f"The model says: {answer.label} ({percent(answer.score)} sure)."
    if answer.agreement is not None:
        sentence = f"{sentence} {wording.agreement(answer.agreement)}"
    if answer.verdict == "confident" and answer.label == image.label and _kinds(image) & set(wording.DOUBTS):
        sentence = f"{sentence} {wording.LEARNT if image.split == 'train' else wording.DISPUTED}"
    return _says(answer.verdict, sentence)


def _kinds(image: Details) -> set[str]:
    return {one.kind for one in image.findings}


def _says(verdict: str, sentence: str) -> str:
    badge = {str(name): said for name, said in BADGES.items()}[verdict]
    return (
        f'<div class="mng-says"><span class="mng-badge mng-{verdict}">{badge}</span>'
        f"<p>{escape(markup.unbroken(sentence))}</p></div>"
    )


def _times(image: Details) -> str:
    return "once" if len(image.duplicates) == 1 else f"{len(image.duplicates)} times"


def _others(api: Api, image: Details, at: Address) -> None:
    """What shows the same, and what is like it."""
    html = ""
    try:
        if image.duplicates:
            small = thumbnails(api, image.duplicates)
            html += f"<h2>The same picture, {_times(image)} more</h2>" + grid.pictures(
                image.duplicates, small, at
            )
        if not image.excluded:
            near = calls.like_image(api, image.id)
            small = thumbnails(api, [item.image for item in near.items])
            if near.items:
                html += "<h2>More like this</h2>" + grid.found(near.items, small, at)
    except ApiError as error:
        if error.code != "not_found":
            failure.say(error)
            return
        why = f"{escape(wording.NOT_SEARCHED)} {markup.todo(wording.INDEX)}"
        html += f'<h2>More like this</h2><p class="mng-fine">{why}</p>'
    if html:
        links.show(f'<div class="mng-others">{html}</div>', "library-others")
