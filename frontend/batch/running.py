"""A batch at work: how far it is, and what it found last."""

import streamlit as st

from frontend.batch import markup
from frontend.batch.job import Job
from frontend.batch.wording import time_left

EVERY_SECONDS = 0.7
LATEST = 12


def show(job: Job) -> None:
    st.html(markup.running_head())
    _progress(job)


@st.fragment(run_every=EVERY_SECONDS)
def _progress(job: Job) -> None:
    """Runs by itself; the whole page runs again when the batch has ended."""
    progress = job.progress
    if progress.state != "running":
        st.rerun()
    share = progress.done / progress.total if progress.total else 0.0
    st.progress(share, text=f"{progress.done:,} of {progress.total:,} answered · {time_left(progress)}")
    rows = job.rows
    st.html(markup.tally(rows))
    st.html(markup.latest(rows[-LATEST:][::-1]))
    st.button("Stop here", on_click=job.cancel, help="What was answered stays.")
