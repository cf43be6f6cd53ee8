"""The page: `streamlit run frontend/app.py`. Streamlit runs this anew at every click."""

from pathlib import Path
from threading import Thread

import streamlit as st

from frontend import arriving, markup, navigation, own_folders
from frontend.client import Api
from frontend.settings import SettingsError, load_settings
from frontend.wording import Notice

HERE = Path(__file__).parent


def main() -> None:
    # An icon of our own: Streamlit has the browser fetch emoji from the internet.
    st.set_page_config("Menagerie", page_icon=(HERE / "icon.svg").read_text(encoding="utf-8"), layout="wide")
    for sheet in sorted((HERE / "style").glob("*.css")):
        st.html(sheet)
    arriving.listen()
    st.logo(HERE / "logo.svg", size="medium")
    try:
        settings = load_settings()
    except SettingsError as error:
        st.html(markup.notice(Notice("This page is not set up correctly", str(error))))
        st.stop()
    sweep()
    navigation.run(connect(str(settings.api_url), settings.api_key.get_secret_value()))


@st.cache_resource(show_spinner=False)
def sweep() -> None:
    """Once in a process, and behind its first visitor's back: there may be much to delete."""
    Thread(target=own_folders.sweep, daemon=True, name="sweep").start()


@st.cache_resource(max_entries=1, on_release=Api.close)
def connect(url: str, key: str) -> Api:
    """One pool of connections for all visitors."""
    return Api(url, key)


if __name__ == "__main__":
    main()
