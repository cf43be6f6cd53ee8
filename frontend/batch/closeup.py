"""One picture of a batch, looked at closely: its answer, why, pictures like it, and whether that is right."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from frontend import attention
from frontend import markup as shared
from frontend.answering import gallery, guesses, markup, reporting, why
from frontend.answering.visit import Visit
from frontend.answers import Prediction
from frontend.batch import filtering
from frontend.batch.job import Job
from frontend.batch.rows import Row
from frontend.batch.wording import NO_SUCH_ROW, PICTURE_GONE, WHO_SEES, said
from frontend.client import Api
from frontend.library.address import number
from frontend.picture import Picture, preview

ADDRESS = "row"  # counted from 1
OPENED = "batch-opened"  # how often one was opened from the table
VISIT = "batch-visit"


def go(place: int | None) -> None:
    """Opens the row at a place of the batch, counted from 0; None: all of them again."""
    if place is None:
        st.query_params.pop(ADDRESS, None)
    else:
        st.query_params[ADDRESS] = str(place + 1)


def open_at(place: int) -> None:
    """As `go`, from the table: what opens is to be seen from its top, however far down that stood."""
    st.session_state[OPENED] = _opened() + 1
    go(place)


def show(api: Api, job: Job) -> None:
    """The row that the address names."""
    rows = job.rows
    place = (number(st.query_params[ADDRESS]) or 0) - 1
    if not 0 <= place < len(rows):
        st.html(shared.notice(NO_SUCH_ROW))
        st.button("All pictures of the batch", type="primary", on_click=go, args=(None,))
        return
    _ways(place, rows)
    attention.lead(f"batch-{_opened()}")
    row = rows[place]
    asked = _visit(job, place, row)
    with st.container(key="result"):
        left, right = st.columns([11, 10], gap="large")
    with left, st.container(key="picture"):
        picture = st.empty()
        st.html(markup.fine(row.name))
        under = st.container(key="under")
    if asked.preview:
        picture.image(asked.preview, alt=f"The picture {row.name}", width="stretch")
    else:
        picture.html(shared.no_preview(row.name))
    with right:
        if row.prediction is None:
            st.html(markup.unusable(row.problem or ""))
            return
        _answer(api, job, place, asked, row.prediction)
    # Of a picture that is gone there is a thumbnail still, but nothing to ask the model about.
    if asked.comparable and row.prediction.label is not None:
        with under:
            why.show(api, asked, row.prediction, picture)
        gallery.show(api, asked, row.prediction)


def _ways(place: int, rows: Sequence[Row]) -> None:
    """Back to all, and to the rows before and after this one, among those that were listed."""
    order = filtering.places(rows)
    if place not in order:  # the address was made by hand
        order = list(range(len(rows)))
    at = order.index(place)
    with st.container(horizontal=True, vertical_alignment="center", key="batch-ways"):
        st.button("All pictures", icon=":material/arrow_back:", type="tertiary", on_click=go, args=(None,))
        st.html(markup.fine(f"{at + 1:,} of {len(order):,}"))
        before = order[at - 1] if at else None
        st.button("Previous", disabled=before is None, on_click=go, args=(before,))
        after = order[at + 1] if at + 1 < len(order) else None
        st.button("Next", disabled=after is None, on_click=go, args=(after,))


def _opened() -> int:
    return int(st.session_state.get(OPENED, 0))


def _visit(job: Job, place: int, row: Row) -> Visit:
    """What is known of the row, kept until another one is opened."""
    kept: tuple[Job, int, Visit] | None = st.session_state.get(VISIT)
    if kept is not None and kept[0] is job and kept[1] == place:
        return kept[2]
    data = job.picture(place)
    asked = Visit(
        Picture(row.name, data or b""),
        preview(data) if data else row.thumbnail,
        comparable=data is not None,
        number=f"{id(job)}-{place}",
        prediction=row.prediction,
        reported=None if row.word is None else said(row.word),
    )
    st.session_state[VISIT] = job, place, asked
    return asked


def _answer(api: Api, job: Job, place: int, asked: Visit, prediction: Prediction) -> None:
    st.html(markup.answer(prediction, comparable=asked.comparable, measured=False))
    guesses.show(prediction)
    if asked.comparable:
        reporting.ask(api, asked, prediction, noted=partial(job.note, place), who_sees=WHO_SEES)
    else:
        st.html(shared.notice(PICTURE_GONE))
    st.html(shared.byline(prediction.model))
