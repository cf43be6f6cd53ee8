"""The page: `streamlit run frontend/app.py`. Streamlit runs this anew at every click."""

from pathlib import Path

import streamlit as st

from frontend import answer, chooser, failure, markup, visit
from frontend.client import Api, ApiError
from frontend.settings import SettingsError, load_settings
from frontend.wording import Notice

HERE = Path(__file__).parent


def main() -> None:
    # An icon of our own: Streamlit has the browser fetch emoji from the internet.
    st.set_page_config("Menagerie", page_icon=(HERE / "icon.svg").read_text(encoding="utf-8"))
    st.html(HERE / "style.css")
    st.html(markup.brand())
    try:
        settings = load_settings()
    except SettingsError as error:
        st.html(markup.notice(Notice("This page is not set up correctly", str(error))))
        st.stop()
    api = _connect(str(settings.api_url), settings.api_key.get_secret_value())
    asked = visit.current()
    if asked is None:
        _start(api)
    else:
        answer.show(api, asked)


@st.cache_resource(max_entries=1, on_release=Api.close)
def _connect(url: str, key: str) -> Api:
    """One pool of connections for all visitors."""
    return Api(url, key)


def _start(api: Api) -> None:
    st.html(markup.hero())
    try:
        ready = api.readiness()
        picture = chooser.choose(api)
    except ApiError as error:
        failure.show(error)
        return
    if picture is not None:
        visit.begin(picture, comparable=ready.gallery > 0)
        st.rerun()
    st.html(markup.status(ready.model, ready.gallery))


if __name__ == "__main__":
    main()
