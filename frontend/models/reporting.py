"""The report on a model, as `menagerie evaluate` wrote it."""

from html import escape

import streamlit as st

from frontend import failure
from frontend.client import Api, ApiError
from frontend.models import calls, markup, wording
from frontend.models.answers import STARTER, Details

HEIGHT = 900
CONTENTS = "Which pictures it got wrong, label by label, and how far its scores can be trusted."
FILLED = "margin: 0; border: 0; width: 100%; height: 100%; display: block"


def show(api: Api, model: Details) -> None:
    if model.reported_at is None and model.task == STARTER:
        st.html(markup.section("Report", wording.NOT_MEASURED))
        return
    if model.reported_at is None:
        st.html(markup.section("Report", "Nobody wrote one yet."))
        st.html(markup.todo(wording.evaluation(model.version)))
        return
    written = f"{CONTENTS} Written on {wording.moment(model.reported_at)}."
    st.html(markup.section("Report", written))
    if not st.toggle("Show the report", key=f"report-{model.version}"):
        return
    try:
        page = calls.report(api, model.version)
    except ApiError as error:
        failure.show(error)
        return
    st.download_button(
        "Save the report",
        page,
        f"{model.version}.html",
        "text/html",
        icon=":material/download:",
        on_click="ignore",
    )
    st.iframe(_stranger(page), height=HEIGHT)


def _stranger(page: str) -> str:
    """`page` in a frame of its own: Streamlit's would give it this page's own rights."""
    return (
        f"<style>html, body, iframe {{ {FILLED} }}</style>"
        f'<iframe sandbox="allow-scripts" title="The report" srcdoc="{escape(page)}"></iframe>'
    )
