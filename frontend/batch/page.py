"""Batch: many pictures at once, or a zip of them; what each shows, as a table to filter and to take home."""

from pathlib import Path

import streamlit as st

from frontend import failure, handing_over, markup, uploads
from frontend.batch import closeup, filtering, results, running
from frontend.batch import markup as taken
from frontend.batch.errors import NoRoom, NothingInside, TooMany, UnusableZip
from frontend.batch.job import Job
from frontend.batch.jobs import jobs
from frontend.batch.wording import EMPTY, HERO, NO_ROOM, TOO_MANY, TRY_AGAIN, UNUSABLE_ZIP, no_longer_kept
from frontend.client import Api, ApiError
from frontend.wording import Notice

ADDRESS = "job"
UPLOADER = "batch-uploader"
SAID = "batch-said"
LEFT = "batch-left"  # files for which there was no room
SENDING = Path(__file__).with_name("sending.js")


def show(api: Api) -> None:
    name = st.query_params.get(ADDRESS)
    if name is None:
        _start(api)
        return
    job = jobs().find(name)
    if job is None:
        st.html(markup.notice(no_longer_kept(jobs().kept_seconds)))
        st.button("Start another batch", type="primary", on_click=_leave)
    elif job.progress.state == "running":
        running.show(job)
    elif closeup.ADDRESS in st.query_params:
        closeup.show(api, job)
    else:
        _ended(api, job)


def _start(api: Api) -> None:
    st.html(HERO)
    try:
        api.readiness()
    except ApiError as error:
        failure.show(error)
        return
    with st.container(key="chooser"):
        said = st.session_state.pop(SAID, None)
        if said is not None:
            st.html(markup.notice(said))
        if LEFT in st.session_state:
            st.button(TRY_AGAIN, type="primary", on_click=_try_again)
        chosen = st.file_uploader(
            "Drop pictures, or a zip of them",
            accept_multiple_files=True,
            max_upload_size=uploads.MOST_ZIP_MB,
            key=f"{UPLOADER}-{_round()}",
        )
        _tell_how_many_are_sent()
        st.html(taken.files_taken(jobs().most_bytes))
    files = handing_over.take() or [(upload.name, uploads.take(upload)) for upload in chosen]
    if files:
        _begin(api, files)


def _tell_how_many_are_sent() -> None:
    st.html(taken.sending())
    with st.container(key="unseen-sending"):
        st.html(f"<script>{SENDING.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)


def _begin(api: Api, files: list[tuple[str, bytes]]) -> None:
    # Another key is another widget: Streamlit lets go of what the one before held.
    st.session_state[UPLOADER] = _round() + 1
    st.session_state.pop(LEFT, None)
    try:
        st.query_params[ADDRESS] = jobs().begin(api, files)
    except UnusableZip as error:
        st.session_state[SAID] = Notice(UNUSABLE_ZIP, str(error))
    except TooMany as error:
        st.session_state[SAID] = Notice(TOO_MANY, str(error))
    except NoRoom as error:
        st.session_state[SAID], st.session_state[LEFT] = Notice(NO_ROOM, str(error)), files
    except NothingInside:
        st.session_state[SAID] = EMPTY
    st.rerun()


def _try_again() -> None:
    handing_over.hand_over(st.session_state.pop(LEFT, []))


def _ended(api: Api, job: Job) -> None:
    progress = job.progress
    if progress.failure is not None:
        failure.say(progress.failure)
        with st.container(horizontal=True, key="batch-again"):
            st.button("Go on where it stopped", type="primary", on_click=job.resume, args=(api,))
            st.button("Start another batch", on_click=_leave)
    results.show(job.rows, progress)
    if progress.failure is None:
        st.button("Start another batch", icon=":material/add:", on_click=_leave)


def _leave() -> None:
    st.query_params.pop(ADDRESS, None)
    closeup.go(None)
    filtering.clear()


def _round() -> int:
    return int(st.session_state.get(UPLOADER, 0))
